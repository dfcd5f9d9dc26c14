import { checked, fieldNode, struct } from '@promontory/base/yaml'
import type { DecodeContext, Schema, Secret, YamlNode } from '@promontory/base/yaml'
import { httpClientFields } from './config.ts'
import type { HttpClientConfig, OAuth2Config, ProxyConfig, TlsConfig } from './config.ts'

/** The client block alone, e.g. a notifier's `http_config`. */
export const httpClientConfig: Schema<HttpClientConfig> = checked(
  struct('config.plain', httpClientFields),
  checkHttpClient,
)

/** How many of the given are set. */
function countSet(...values: readonly (string | Secret)[]): number {
  return values.filter((value) => (typeof value === 'string' ? value !== '' : !value.isEmpty)).length
}

/**
 * Refuses what excludes each other, in upstream's words, and names what this program does not do.
 * For structs that spread `httpClientFields`.
 */
export function checkHttpClient(config: HttpClientConfig, node: YamlNode, context: DecodeContext): void {
  const fault = authFault(config) ?? oauth2Fault(config) ?? proxyFault(config) ?? headerFault(config)
  if (fault !== undefined) context.report(node, fault)
  for (const tls of [config.tls_config, config.oauth2?.tls_config]) {
    const tlsProblem = tls === undefined ? undefined : tlsFault(tls)
    if (tlsProblem !== undefined) context.report(fieldNode(node, 'tls_config'), tlsProblem)
  }
  reportUnsupported(config, node, context)
}

function authFault(config: HttpClientConfig): string | undefined {
  const { basic_auth: basic, authorization, oauth2 } = config
  const hasBearer = countSet(config.bearer_token, config.bearer_token_file)
  if (hasBearer > 1) return 'at most one of bearer_token & bearer_token_file must be configured'
  if ((basic !== undefined || oauth2 !== undefined) && hasBearer > 0)
    return 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured'
  if (basic !== undefined && countSet(basic.username, basic.username_file, basic.username_ref) > 1)
    return 'at most one of basic_auth username, username_file & username_ref must be configured'
  if (basic !== undefined && countSet(basic.password, basic.password_file, basic.password_ref) > 1)
    return 'at most one of basic_auth password, password_file & password_ref must be configured'
  if (authorization !== undefined) {
    if (hasBearer > 0) return 'authorization is not compatible with bearer_token & bearer_token_file'
    if (
      countSet(authorization.credentials, authorization.credentials_file, authorization.credentials_ref) > 1
    )
      return 'at most one of authorization credentials & credentials_file must be configured'
    if (authorization.type.toLowerCase() === 'basic')
      return 'authorization type cannot be set to "basic", use "basic_auth" instead'
  }
  if ([basic, authorization, oauth2].filter((given) => given !== undefined).length > 1)
    return 'at most one of basic_auth, oauth2 & authorization must be configured'
  return undefined
}

/** OAuth 2.0 grant that signs its request instead of sending a secret (RFC 7523). */
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

function oauth2Fault({ oauth2 }: HttpClientConfig): string | undefined {
  if (oauth2 === undefined) return undefined
  if (oauth2.client_id === '') return 'oauth2 client_id must be configured'
  if (oauth2.token_url === '') return 'oauth2 token_url must be configured'
  if (oauth2.grant_type === JWT_BEARER) return jwtFault(oauth2)
  if (countSet(oauth2.client_secret, oauth2.client_secret_file, oauth2.client_secret_ref) > 1)
    return 'at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials'
  return proxyFault(oauth2)
}

function jwtFault(oauth2: OAuth2Config): string | undefined {
  const {
    client_certificate_key: key,
    client_certificate_key_file: file,
    client_certificate_key_ref: ref,
  } = oauth2
  if (countSet(key, file, ref) > 1)
    return 'at most one of oauth2 client_certificate_key, client_certificate_key_file & client_certificate_key_ref must be configured using grant-type=urn:ietf:params:oauth:grant-type:jwt-bearer'
  return ['', 'RS256', 'RS384', 'RS512'].includes(oauth2.signature_algorithm)
    ? undefined
    : 'valid signature algorithms are RS256, RS384 and RS512'
}

function proxyFault(config: ProxyConfig): string | undefined {
  const { proxy_url: url, proxy_from_environment: fromEnvironment, no_proxy: noProxy } = config
  if (Object.keys(config.proxy_connect_header).length > 0 && !fromEnvironment && url === '')
    return 'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured'
  if (fromEnvironment && url !== '')
    return 'if proxy_from_environment is configured, proxy_url must not be configured'
  if (fromEnvironment && noProxy !== '')
    return 'if proxy_from_environment is configured, no_proxy must not be configured'
  if (url === '' && noProxy !== '') return 'if no_proxy is configured, proxy_url must also be configured'
  return undefined
}

const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'authorization', 'host', 'content-encoding', 'content-length', 'content-type', 'user-agent', 'connection', 'keep-alive',
  'proxy-authenticate', 'proxy-authorization', 'www-authenticate', 'accept-encoding', 'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version', 'x-prometheus-scrape-timeout-seconds', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256',
]) // prettier-ignore

function headerFault({ http_headers: headers }: HttpClientConfig): string | undefined {
  const reserved = Object.keys(headers).find((name) => RESERVED_HEADERS.has(name.toLowerCase()))
  return reserved === undefined ? undefined : `setting header "${canonicalHeader(reserved)}" is not allowed`
}

/** Go's `http.CanonicalHeaderKey`. */
export function canonicalHeader(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (part) => part.toUpperCase())
}

/** What is wrong with a `tls_config`; undefined when nothing is. */
export function tlsFault(tls: TlsConfig): string | undefined {
  if (countSet(tls.ca, tls.ca_file, tls.ca_ref) > 1)
    return 'at most one of ca, ca_file & ca_ref must be configured'
  const certs = countSet(tls.cert, tls.cert_file, tls.cert_ref)
  const keys = countSet(tls.key, tls.key_file, tls.key_ref)
  if (certs > 1) return 'at most one of cert, cert_file & cert_ref must be configured'
  if (keys > 1) return 'at most one of key and key_file must be configured'
  if (certs > 0 && keys === 0)
    return 'exactly one of key or key_file must be configured when a client certificate is configured'
  if (keys > 0 && certs === 0)
    return 'exactly one of cert or cert_file must be configured when a client key is configured'
  return undefined
}

function reportUnsupported(config: HttpClientConfig, node: YamlNode, context: DecodeContext): void {
  const unsupported = (text: string, ...path: string[]): void =>
    context.unsupported(fieldNode(node, ...path), text)
  if (config.oauth2?.grant_type === JWT_BEARER)
    unsupported('the jwt-bearer grant is not supported, use client_credentials', 'oauth2', 'grant_type')
  const refs: [string, string | undefined, ...string[]][] = [
    ['username_file', config.basic_auth?.username_ref, 'basic_auth', 'username_ref'],
    ['password_file', config.basic_auth?.password_ref, 'basic_auth', 'password_ref'],
    ['credentials_file', config.authorization?.credentials_ref, 'authorization', 'credentials_ref'],
    ['client_secret_file', config.oauth2?.client_secret_ref, 'oauth2', 'client_secret_ref'],
    ['ca_file', config.tls_config?.ca_ref, 'tls_config', 'ca_ref'],
    ['cert_file', config.tls_config?.cert_ref, 'tls_config', 'cert_ref'],
    ['key_file', config.tls_config?.key_ref, 'tls_config', 'key_ref'],
  ]
  for (const [instead, ref, ...path] of refs)
    if (ref !== undefined && ref !== '') unsupported(`there is no secret manager, use ${instead}`, ...path)
}
