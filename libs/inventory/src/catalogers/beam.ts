import { baseName, type FileCataloger, type Found } from '../cataloger.ts';

/**
 * Erlang and Elixir applications as a release ships them: `ebin/NAME.app`, a term `{application, NAME, [{vsn, "1.0"}, …]}` (Erlang docs, app(4)).
 * What Erlang/OTP itself consists of is of no registry: it is left out, the file OTP_VERSION tells of it.
 */
export const beam: FileCataloger = {
  name: 'beam',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 112 && /\/ebin\/[^/]+\.app$/.test(path),
  catalog({ path, bytes }): Found {
    const text = bytes.toString('utf8').replace(/%.*$/gm, '');
    const name = /\{\s*application\s*,\s*'?([a-z][\w@]*)'?/.exec(text)?.[1], version = /\{\s*vsn\s*,\s*"([^"]*)"/.exec(text)?.[1];
    if (!name) return { packages: [], problems: [{ code: 'beam-application-invalid', detail: `no application in ${baseName(path)}` }] };
    return { packages: otp.has(name) ? [] : [{ type: 'hex', name, version: version ?? '' }] };
  },
};

/** The applications of Erlang/OTP (erlang/otp, lib/), and of Elixir (elixir-lang/elixir, lib/). */
const otp: ReadonlySet<string> = new Set((
  'asn1 common_test compiler cosEvent cosEventDomain cosFileTransfer cosNotification cosProperty cosTime cosTransactions crypto debugger dialyzer diameter edoc eldap erl_docgen erl_interface erts et eunit ftp ' +
  'hipe ic inets jinterface kernel megaco mnesia observer odbc orber os_mon otp_mibs parsetools percept public_key reltool runtime_tools sasl snmp ssh ssl stdlib syntax_tools test_server tftp tools typer wx xmerl ' +
  'eex elixir ex_unit iex logger mix'
).split(' '));
