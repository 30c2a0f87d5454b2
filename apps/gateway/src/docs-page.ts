import { allOperations, groups } from '@plimsoll/contracts';

/** A page that lists the API for people; no script, no outside resource. */
export const docsPage = (): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Plimsoll API</title>
<h1>Plimsoll API</h1>
<p>The same operations over REST, described by <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1), and over gRPC as <code>plimsoll.v1</code>, which describes itself by reflection. Send <code>Authorization: Bearer</code> and an access token of <code>POST /v1/login</code> or an API token.</p>
${Object.entries(groups).map(([group, does]) => `<h2>${group}</h2><p>${does}</p><table border="1" cellpadding="4">
<tr><th>REST<th>gRPC<th>needs<th>does</tr>
${allOperations.filter((operation) => operation.group === group).map(({ method, path, rpc, scope, summary }) =>
    `<tr><td><code>${method} ${path}</code><td>${typeof rpc === 'string' ? `<code>${group}.${rpc}</code>` : 'none'}<td>${scope}<td>${summary}</tr>`).join('\n')}
</table>`).join('\n')}
</html>
`;
