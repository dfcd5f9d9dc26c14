import {
  bool,
  filePath,
  list,
  mapOf,
  optional,
  Secret,
  secret,
  str,
  struct,
  text,
  withDefault,
} from '@promontory/base/yaml'
import type { FieldsOf, Schema } from '@promontory/base/yaml'

/** `basic_auth`; the `_file` forms are read at each request. */
export interface BasicAuthConfig {
  readonly username: string
  readonly username_file: string
  readonly username_ref: string
  readonly password: Secret
  readonly password_file: string
  readonly password_ref: string
}

export interface AuthorizationConfig {
  readonly type: string
  readonly credentials: Secret
  readonly credentials_file: string
  readonly credentials_ref: string
}

export const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]

export interface TlsConfig {
  readonly ca: string
  readonly ca_file: string
  readonly ca_ref: string
  readonly cert: string
  readonly cert_file: string
  readonly cert_ref: string
  readonly key: Secret
  readonly key_file: string
  readonly key_ref: string
  readonly server_name: string
  readonly insecure_skip_verify: boolean
  readonly min_version: TlsVersion | undefined
  readonly max_version: TlsVersion | undefined
}

export interface ProxyConfig {
  readonly proxy_url: string
  readonly no_proxy: string
  readonly proxy_from_environment: boolean
  readonly proxy_connect_header: Readonly<Record<string, readonly Secret[]>>
}

export interface OAuth2Config extends ProxyConfig {
  readonly client_id: string
  readonly client_secret: Secret
  readonly client_secret_file: string
  readonly client_secret_ref: string
  readonly client_certificate_key_id: string
  readonly client_certificate_key: Secret
  readonly client_certificate_key_file: string
  readonly client_certificate_key_ref: string
  readonly grant_type: string
  readonly signature_algorithm: string
  readonly iss: string
  readonly audience: string
  readonly claims: Readonly<Record<string, string>>
  readonly scopes: readonly string[]
  readonly token_url: string
  readonly endpoint_params: Readonly<Record<string, string>>
  readonly tls_config: TlsConfig | undefined
}

export interface HeaderConfig {
  readonly values: readonly string[]
  readonly secrets: readonly Secret[]
  readonly files: readonly string[]
}

/** The client block of every configuration: how to reach an HTTP server. Field names are those of the file. */
export interface HttpClientConfig extends ProxyConfig {
  readonly basic_auth: BasicAuthConfig | undefined
  readonly authorization: AuthorizationConfig | undefined
  readonly oauth2: OAuth2Config | undefined
  /** Deprecated form of `authorization`; see {@link authorizationOf}. */
  readonly bearer_token: Secret
  readonly bearer_token_file: string
  readonly tls_config: TlsConfig | undefined
  readonly follow_redirects: boolean
  readonly enable_http2: boolean
  readonly http_headers: Readonly<Record<string, HeaderConfig>>
}

const NO_SECRET = new Secret('')
const maybeText = withDefault(str, '')
const maybePath = withDefault(filePath, '')
const maybeSecret = withDefault(secret, NO_SECRET)

const basicAuth: Schema<BasicAuthConfig> = struct('config.plain', {
  username: maybeText,
  username_file: maybePath,
  username_ref: maybeText,
  password: maybeSecret,
  password_file: maybePath,
  password_ref: maybeText,
})

const authorization: Schema<AuthorizationConfig> = struct('config.Authorization', {
  type: withDefault(
    text('string', (source) => source.trim()),
    '',
  ),
  credentials: maybeSecret,
  credentials_file: maybePath,
  credentials_ref: maybeText,
})

const tlsVersion: Schema<TlsVersion> = text('config.TLSVersion', (source) => {
  const version = TLS_VERSIONS.find((known) => known === source)
  if (version === undefined) throw new Error(`unknown TLS version: ${source}`)
  return version
})

/** `tls_config` of a client. Check with {@link tlsFault}. */
export const tlsConfig: Schema<TlsConfig> = struct('config.plain', {
  ca: maybeText,
  ca_file: maybePath,
  ca_ref: maybeText,
  cert: maybeText,
  cert_file: maybePath,
  cert_ref: maybeText,
  key: maybeSecret,
  key_file: maybePath,
  key_ref: maybeText,
  server_name: maybeText,
  insecure_skip_verify: withDefault(bool, false),
  min_version: optional(tlsVersion),
  max_version: optional(tlsVersion),
})

/** A URL in Go's sense: nearly any text. A password in it prints as `xxxxx`. */
export const looseUrl: Schema<string> = text(
  'config.URL',
  (source) => {
    if (/^:|\p{Cc}| |%(?![0-9a-fA-F]{2})/u.test(source))
      throw new Error(`parse "${source}": not a URL, expected e.g. http://host:3128`)
    return source
  },
  redactUrl,
)

/** The URL with its password replaced by `xxxxx`, as Go's `URL.Redacted`. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:@?#]*):[^/@?#]*@/i, '$1:xxxxx@')
}

const proxyFields: FieldsOf<ProxyConfig> = {
  proxy_url: withDefault(looseUrl, ''),
  no_proxy: maybeText,
  proxy_from_environment: withDefault(bool, false),
  proxy_connect_header: withDefault(mapOf(list(secret)), {}),
}

const oauth2: Schema<OAuth2Config> = struct('config.plain', {
  client_id: maybeText,
  client_secret: maybeSecret,
  client_secret_file: maybePath,
  client_secret_ref: maybeText,
  client_certificate_key_id: maybeText,
  client_certificate_key: maybeSecret,
  client_certificate_key_file: maybePath,
  client_certificate_key_ref: maybeText,
  grant_type: maybeText,
  signature_algorithm: maybeText,
  iss: maybeText,
  audience: maybeText,
  claims: withDefault(mapOf(str), {}),
  scopes: withDefault(list(str), []),
  token_url: maybeText,
  endpoint_params: withDefault(mapOf(str), {}),
  tls_config: optional(tlsConfig),
  ...proxyFields,
})

const header: Schema<HeaderConfig> = struct('config.Header', {
  values: withDefault(list(str), []),
  secrets: withDefault(list(secret), []),
  files: withDefault(list(filePath), []),
})

/** Fields to spread into a struct that carries the client block inline; check with `checkHttpClient`. */
export const httpClientFields: FieldsOf<HttpClientConfig> = {
  basic_auth: optional(basicAuth),
  authorization: optional(authorization),
  oauth2: optional(oauth2),
  bearer_token: maybeSecret,
  bearer_token_file: maybePath,
  tls_config: optional(tlsConfig),
  follow_redirects: withDefault(bool, true),
  enable_http2: withDefault(bool, true),
  ...proxyFields,
  http_headers: withDefault(mapOf(header), {}),
}

/** What a client does when nothing is configured. */
export const DEFAULT_HTTP_CLIENT: HttpClientConfig = {
  basic_auth: undefined,
  authorization: undefined,
  oauth2: undefined,
  bearer_token: NO_SECRET,
  bearer_token_file: '',
  tls_config: undefined,
  follow_redirects: true,
  enable_http2: true,
  proxy_url: '',
  no_proxy: '',
  proxy_from_environment: false,
  proxy_connect_header: {},
  http_headers: {},
}

/** `authorization`, or what `bearer_token` and `bearer_token_file` mean in its words. */
export function authorizationOf(config: HttpClientConfig): AuthorizationConfig | undefined {
  if (config.authorization !== undefined)
    return config.authorization.type === ''
      ? { ...config.authorization, type: 'Bearer' }
      : config.authorization
  if (config.bearer_token.isEmpty && config.bearer_token_file === '') return undefined
  return {
    type: 'Bearer',
    credentials: config.bearer_token,
    credentials_file: config.bearer_token_file,
    credentials_ref: '',
  }
}
