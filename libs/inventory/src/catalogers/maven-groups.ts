/**
 * The Maven groups of artifacts that are built without Maven and so carry no pom.properties: their jars do not say it, and advisories are found by it.
 * A row: the group; where its classes lie (`|` between places), which a jar that has classes must show; its artifacts, `*` for any ending, `file=artifact` where projects
 * ship a jar under another name. To add one: one line. Source: the artifacts' own poms in the central repository.
 */
const rows: readonly (readonly [group: string, classes: string, artifacts: string])[] = [
  ['org.springframework', 'org/springframework/', 'spring-aop spring-aspects spring-beans spring-context* spring-core* spring-expression spring-instrument* spring-jdbc spring-jms spring-messaging spring-orm spring-oxm spring-r2dbc spring-test spring-tx spring-web spring-webflux spring-webmvc* spring-websocket spring'],
  ['org.springframework', 'org/apache/commons/logging/', 'spring-jcl'],
  ['org.springframework.boot', 'org/springframework/boot/', 'spring-boot spring-boot-*'],
  ['org.springframework.security', 'org/springframework/security/', 'spring-security-*'],
  ['org.springframework.kafka', 'org/springframework/kafka/', 'spring-kafka spring-kafka-test'],
  ['org.springframework.amqp', 'org/springframework/amqp/', 'spring-amqp spring-rabbit*'],
  ['org.springframework.integration', 'org/springframework/integration/', 'spring-integration-*'],
  ['org.springframework.session', 'org/springframework/session/', 'spring-session-*'],
  ['org.springframework.batch', 'org/springframework/batch/', 'spring-batch-*'],
  ['org.springframework.ws', 'org/springframework/', 'spring-ws-* spring-xml'],
  ['org.springframework.ldap', 'org/springframework/ldap/', 'spring-ldap-*'],
  ['org.springframework.graphql', 'org/springframework/graphql/', 'spring-graphql spring-graphql-test'],
  ['org.springframework.webflow', 'org/springframework/', 'spring-webflow spring-binding spring-js spring-js-resources spring-faces'],
  ['io.projectreactor', 'reactor/', 'reactor-core reactor-test reactor-tools'],
  ['io.projectreactor.netty', 'reactor/netty/', 'reactor-netty reactor-netty-*'],
  ['io.projectreactor.addons', 'reactor/', 'reactor-extra reactor-adapter reactor-pool'],
  ['io.micrometer', 'io/micrometer/', 'micrometer-* context-propagation'],
  ['io.opentelemetry', 'io/opentelemetry/', 'opentelemetry-api opentelemetry-sdk* opentelemetry-exporter-* opentelemetry-context opentelemetry-extension-*'],
  ['io.opentelemetry.javaagent', 'io/opentelemetry/javaagent/', 'opentelemetry-javaagent'],
  ['io.opencensus', 'io/opencensus/', 'opencensus-*'],
  ['io.grpc', 'io/grpc/', 'grpc-*'],
  ['io.perfmark', 'io/perfmark/', 'perfmark-*'],
  ['io.ktor', 'io/ktor/', 'ktor-*'],
  ['io.micronaut', 'io/micronaut/', 'micronaut-aop micronaut-buffer-netty micronaut-context micronaut-core micronaut-http* micronaut-inject* micronaut-json-core micronaut-management micronaut-router micronaut-runtime micronaut-websocket'],
  ['io.reactivex.rxjava3', 'io/reactivex/rxjava3/', 'rxjava'],
  ['io.reactivex.rxjava2', 'io/reactivex/', 'rxjava'],
  ['io.reactivex', 'rx/', 'rxjava rxjava-* rxnetty*'],
  ['org.jetbrains.kotlin', 'kotlin/', 'kotlin-*'],
  ['org.jetbrains.kotlinx', 'kotlinx/', 'kotlinx-*'],
  ['com.squareup.okhttp3', 'okhttp3/', 'okhttp okhttp-* logging-interceptor mockwebserver'],
  ['com.squareup.okio', 'okio/', 'okio okio-jvm'],
  ['com.squareup.retrofit2', 'retrofit2/', 'retrofit converter-* adapter-*'],
  ['org.apache.kafka', 'org/apache/kafka/', 'kafka_2* kafka-* connect-api connect-basic-auth-extension connect-file connect-json connect-mirror* connect-runtime connect-transforms trogdor'],
  ['org.apache.kafka', 'kafka/', 'kafka_2*'],
  ['org.apache.lucene', 'org/apache/lucene/', 'lucene-*'],
  ['org.apache.solr', 'org/apache/solr/', 'solr-*'],
  ['org.elasticsearch', 'org/elasticsearch/', 'elasticsearch elasticsearch-cli elasticsearch-core elasticsearch-geo elasticsearch-lz4 elasticsearch-plugin-classloader elasticsearch-secure-sm elasticsearch-ssl-config elasticsearch-x-content elasticsearch-log4j elasticsearch-launchers'],
  ['org.elasticsearch.client', 'org/elasticsearch/', 'elasticsearch-rest-client elasticsearch-rest-client-sniffer elasticsearch-rest-high-level-client transport'],
  ['co.elastic.clients', 'co/elastic/clients/', 'elasticsearch-java'],
  ['org.opensearch', 'org/opensearch/', 'opensearch opensearch-*'],
  ['org.apache.hadoop', 'org/apache/hadoop/', 'hadoop-*'],
  ['org.apache.tomcat', 'org/apache/', 'tomcat-api tomcat-catalina* tomcat-coyote* tomcat-dbcp tomcat-i18n-* tomcat-jasper* tomcat-jdbc tomcat-jni tomcat-juli tomcat-ssi tomcat-storeconfig tomcat-tribes tomcat-util* tomcat-websocket*'],
  ['org.apache.tomcat', 'javax/|jakarta/', 'tomcat-annotations-api tomcat-el-api tomcat-jaspic-api tomcat-jsp-api tomcat-servlet-api tomcat-websocket-api tomcat-websocket-client-api'],
  ['org.apache.tomcat', 'org/apache/catalina/', 'catalina=tomcat-catalina catalina-ant=tomcat-catalina-ant catalina-ha=tomcat-catalina-ha catalina-ssi=tomcat-ssi catalina-storeconfig=tomcat-storeconfig catalina-tribes=tomcat-tribes'],
  ['org.apache.tomcat', 'org/apache/jasper/', 'jasper=tomcat-jasper'],
  ['org.apache.tomcat', 'org/apache/el/', 'jasper-el=tomcat-jasper-el'],
  ['org.apache.tomcat.embed', 'org/apache/', 'tomcat-embed-core tomcat-embed-el tomcat-embed-jasper tomcat-embed-websocket tomcat-embed-logging-*'],
  ['org.codehaus.groovy', 'groovy/', 'groovy groovy-*'],
  ['org.hibernate', 'org/hibernate/', 'hibernate-core hibernate-entitymanager hibernate-envers hibernate-c3p0 hibernate-ehcache hibernate-hikaricp hibernate-jcache hibernate-java8 hibernate-spatial hibernate-testing hibernate-proxool'],
  ['org.hibernate.common', 'org/hibernate/annotations/common/', 'hibernate-commons-annotations'],
  ['org.ow2.asm', 'org/objectweb/asm/', 'asm asm-*'],
  ['org.aspectj', 'org/aspectj/', 'aspectjweaver aspectjrt aspectjtools'],
  ['org.checkerframework', 'org/checkerframework/', 'checker-qual checker-compat-qual checker'],
  ['com.github.ben-manes.caffeine', 'com/github/benmanes/caffeine/', 'caffeine guava jcache'],
  ['com.github.luben', 'com/github/luben/zstd/', 'zstd-jni'],
  ['org.lz4', 'net/jpountz/', 'lz4-java lz4-pure-java'],
  ['org.mongodb', 'com/mongodb/', 'mongo-java-driver mongodb-driver* mongodb-crypt'],
  ['org.mongodb', 'org/bson/', 'bson bson-record-codec'],
  ['mysql', 'com/mysql/', 'mysql-connector-java'],
  ['com.mysql', 'com/mysql/', 'mysql-connector-j'],
  ['com.oracle.database.jdbc', 'oracle/jdbc/', 'ojdbc6 ojdbc7 ojdbc8 ojdbc10 ojdbc11 ojdbc17 ucp'],
  ['com.h2database', 'org/h2/', 'h2'],
  ['org.hsqldb', 'org/hsqldb/', 'hsqldb'],
  ['org.apache.derby', 'org/apache/derby/', 'derby derbyclient derbynet derbyshared derbytools'],
  ['org.apache.xmlbeans', 'org/apache/xmlbeans/', 'xmlbeans'],
  ['org.apache.poi', 'org/apache/poi/', 'poi poi-*'],
  ['org.apache.ant', 'org/apache/tools/ant/', 'ant ant-*'],
  ['org.apache.ivy', 'org/apache/ivy/', 'ivy'],
  ['org.apache.cassandra', 'org/apache/cassandra/', 'cassandra-all apache-cassandra=cassandra-all'],
  ['xalan', 'org/apache/xalan/', 'xalan'],
  ['xalan', 'org/apache/xml/serializer/', 'serializer'],
  ['xerces', 'org/apache/xerces/', 'xercesImpl'],
  ['xml-apis', 'org/w3c/dom/', 'xml-apis xml-apis-ext'],
  ['xmlpull', 'org/xmlpull/', 'xmlpull'],
  ['antlr', 'antlr/', 'antlr'],
  ['net.java.dev.jna', 'com/sun/jna/', 'jna jna-platform'],
  ['org.dom4j', 'org/dom4j/', 'dom4j'],
  ['org.jdom', 'org/jdom', 'jdom jdom2'],
  ['org.python', 'org/python/', 'jython jython-standalone'],
  ['org.mozilla', 'org/mozilla/javascript/', 'rhino rhino-*'],
  ['org.bouncycastle', 'org/bouncycastle/', 'bcprov-* bcpkix-* bcutil-* bcmail-* bcjmail-* bcpg-* bctls-* bc-fips'],
  ['com.typesafe', 'com/typesafe/config/', 'config'],
  ['com.typesafe.akka', 'akka/', 'akka-*'],
  ['com.typesafe.play', 'play/', 'play_2* play-*'],
  ['com.linecorp.armeria', 'com/linecorp/armeria/', 'armeria armeria-*'],
  ['com.netflix.eureka', 'com/netflix/', 'eureka-client eureka-core'],
  ['com.netflix.hystrix', 'com/netflix/hystrix/', 'hystrix-*'],
  ['com.netflix.zuul', 'com/netflix/zuul/', 'zuul-core'],
  ['com.netflix.ribbon', 'com/netflix/', 'ribbon ribbon-*'],
  ['org.junit.jupiter', 'org/junit/jupiter/', 'junit-jupiter junit-jupiter-*'],
  ['org.junit.platform', 'org/junit/platform/', 'junit-platform-*'],
  ['org.mockito', 'org/mockito/', 'mockito-*'],
  ['com.hierynomus', 'net/schmizz/', 'sshj'],
  ['org.liquibase', 'liquibase/', 'liquibase-core liquibase-*'],
  ['org.thymeleaf', 'org/thymeleaf/', 'thymeleaf thymeleaf-spring*'],
  ['io.github.resilience4j', 'io/github/resilience4j/', 'resilience4j-*'],
  ['io.minio', 'io/minio/', 'minio minio-admin'],
  ['com.auth0', 'com/auth0/', 'java-jwt jwks-rsa'],
  ['com.graphql-java', 'graphql/', 'graphql-java'],
  ['com.graphql-java', 'org/dataloader/', 'java-dataloader'],
  ['com.beust', 'com/beust/jcommander/', 'jcommander'],
  ['com.netflix.archaius', 'com/netflix/', 'archaius-core archaius2-core'],
  ['com.github.junrar', 'com/github/junrar/', 'junrar'],
  ['com.github.spotbugs', 'edu/umd/cs/findbugs/annotations/', 'spotbugs-annotations'],
  ['com.epam', 'com/epam/parso/', 'parso'],
  ['org.graalvm.sdk', 'org/graalvm/', 'graal-sdk nativeimage'],
  ['org.ccil.cowan.tagsoup', 'org/ccil/cowan/tagsoup/', 'tagsoup'],
  ['de.l3s.boilerpipe', 'de/l3s/boilerpipe/', 'boilerpipe'],
  ['org.flywaydb', 'org/flywaydb/', 'flyway-core flyway-*'],
];

/** The later groups of projects that moved: artifacts, the group until then, the first major version of the new one. */
const moved: readonly (readonly [was: string, from: number, is: string])[] = [['org.codehaus.groovy', 4, 'org.apache.groovy'], ['org.hibernate', 6, 'org.hibernate.orm']];

interface Row { readonly group: string; readonly classes: readonly string[]; readonly artifact: string }

const exact = new Map<string, Row[]>(), beginnings: (readonly [string, Row])[] = [];
for (const [group, places, artifacts] of rows) {
  const classes = places.split('|');
  for (const one of artifacts.split(' ')) {
    const [file = one, artifact = file] = one.split('=');
    if (file.endsWith('*')) beginnings.push([file.slice(0, -1), { group, classes, artifact: '' }]);
    else exact.set(file, [...exact.get(file) ?? [], { group, classes, artifact }]);
  }
}

/** Group and artifact of a jar named so, by the paths of its members; undefined when it is of no known family. */
export function knownArtifact(file: string, version: string, members: Iterable<string>): { readonly group: string; readonly artifact: string } | undefined {
  const candidates = [...exact.get(file) ?? [], ...beginnings.flatMap(([start, row]) => (file.startsWith(start) ? [row] : []))];
  if (candidates.length === 0) return undefined;
  let hasClasses = false;
  const shown = new Set<Row>();
  for (const name of members) {
    if (!name.endsWith('.class') || name.startsWith('META-INF/')) continue;
    hasClasses = true;
    for (const row of candidates) if (row.classes.some((place) => name.startsWith(place))) shown.add(row);
    if (shown.size === candidates.length) break;
  }
  const row = candidates.find((one) => shown.has(one) || !hasClasses);
  if (!row) return undefined;
  const later = moved.find(([was, from]) => was === row.group && Number.parseInt(version, 10) >= from);
  return { group: later?.[2] ?? row.group, artifact: row.artifact || file };
}
