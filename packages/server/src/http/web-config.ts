import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { TlsOptions } from 'node:tls'
import { bool, checked, decodeYaml, fieldNode, filePath, list, mapOf, optional, Secret, secret, str, struct, text, withDefault } from '@promontory/base/yaml' // prettier-ignore
import type { Schema } from '@promontory/base/yaml'

const CLIENT_AUTH_TYPES = ['NoClientCert', 'RequestClientCert', 'RequireAnyClientCert', 'VerifyClientCertIfGiven', 'RequireAndVerifyClientCert'] as const // prettier-ignore
type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number]
const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const
const HEADERS = ['Content-Security-Policy', 'X-Frame-Options', 'X-Content-Type-Options', 'X-XSS-Protection', 'Strict-Transport-Security'] // prettier-ignore

/** `tls_server_config` */
export interface TlsServerConfig {
  readonly cert: string
  readonly cert_file: string
  readonly key: Secret
  readonly key_file: string
  readonly client_auth_type: ClientAuthType
  readonly client_ca: string
  readonly client_ca_file: string
  readonly client_allowed_sans: readonly string[]
  readonly min_version: keyof typeof VERSIONS
  readonly max_version: keyof typeof VERSIONS
  readonly cipher_suites: readonly string[]
  readonly curve_preferences: readonly string[]
  readonly prefer_server_cipher_suites: boolean
}

/** The file of `--web.config.file`. */
export interface WebConfig {
  readonly tls_server_config: TlsServerConfig | undefined
  readonly http_server_config: { readonly http2: boolean; readonly headers: Readonly<Record<string, string>> }
  /** bcrypt by user. */
  readonly basic_auth_users: Readonly<Record<string, Secret>>
}

const oneOf = <T extends string>(type: string, choices: readonly T[]): Schema<T> =>
  text(type, (source) => {
    const found = choices.find((choice) => choice === source)
    if (found === undefined)
      throw new Error(`invalid value "${source}", expected one of ${choices.join(', ')}`)
    return found
  })

const version = oneOf('web.TLSVersion', Object.keys(VERSIONS) as (keyof typeof VERSIONS)[])

/** Go's names of curves by OpenSSL's. */
const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519', X25519MLKEM768: 'X25519MLKEM768',
} // prettier-ignore

/** Go's names of the suites before TLS 1.3 by OpenSSL's; those of 1.3 cannot be chosen, in Go neither. */
const SUITES: Readonly<Record<string, string>> = Object.fromEntries(
  ['RSA', 'ECDSA'].flatMap((kind) => [
    [`TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256`, `ECDHE-${kind}-AES128-GCM-SHA256`],
    [`TLS_ECDHE_${kind}_WITH_AES_256_GCM_SHA384`, `ECDHE-${kind}-AES256-GCM-SHA384`],
    [`TLS_ECDHE_${kind}_WITH_AES_128_CBC_SHA`, `ECDHE-${kind}-AES128-SHA`],
    [`TLS_ECDHE_${kind}_WITH_AES_256_CBC_SHA`, `ECDHE-${kind}-AES256-SHA`],
    [`TLS_ECDHE_${kind}_WITH_CHACHA20_POLY1305`, `ECDHE-${kind}-CHACHA20-POLY1305`],
    [`TLS_ECDHE_${kind}_WITH_CHACHA20_POLY1305_SHA256`, `ECDHE-${kind}-CHACHA20-POLY1305`],
  ]),
)

const tlsServer: Schema<TlsServerConfig> = checked(
  struct('web.TLSConfig', {
    cert: withDefault(str, ''),
    cert_file: withDefault(filePath, ''),
    key: withDefault(secret, new Secret('')),
    key_file: withDefault(filePath, ''),
    client_auth_type: withDefault(oneOf('string', CLIENT_AUTH_TYPES), 'NoClientCert'),
    client_ca: withDefault(str, ''),
    client_ca_file: withDefault(filePath, ''),
    client_allowed_sans: withDefault(list(str), []),
    min_version: withDefault(version, 'TLS12'),
    max_version: withDefault(version, 'TLS13'),
    cipher_suites: withDefault(list(oneOf('web.Cipher', Object.keys(SUITES))), []),
    curve_preferences: withDefault(list(oneOf('web.Curve', Object.keys(CURVES))), []),
    prefer_server_cipher_suites: withDefault(bool, true),
  }),
  (tls, node, context) => {
    const fault = tlsFault(tls)
    if (fault !== undefined) context.report(node, fault)
  },
)

function tlsFault(tls: TlsServerConfig): string | undefined {
  if (tls.cert === '' && tls.cert_file === '') return 'missing one of cert or cert_file'
  if (tls.key.isEmpty && tls.key_file === '') return 'missing one of key or key_file'
  if (tls.cert !== '' && tls.cert_file !== '') return 'cert and cert_file are mutually exclusive'
  if (!tls.key.isEmpty && tls.key_file !== '') return 'key and key_file are mutually exclusive'
  const hasCa = tls.client_ca !== '' || tls.client_ca_file !== ''
  if (hasCa && tls.client_auth_type === 'NoClientCert') return 'Client CA\'s have been configured without a Client Auth Policy' // prettier-ignore
  const verifies = tls.client_auth_type === 'RequireAndVerifyClientCert' || tls.client_auth_type === 'VerifyClientCertIfGiven' // prettier-ignore
  if (verifies && !hasCa) return `client_auth_type ${tls.client_auth_type} needs client_ca or client_ca_file`
  if (tls.client_allowed_sans.length > 0 && !verifies) return 'client_allowed_sans needs a client_auth_type that verifies' // prettier-ignore
  return undefined
}

const webConfig: Schema<WebConfig> = struct('web.Config', {
  tls_server_config: optional(tlsServer),
  http_server_config: withDefault(
    struct('web.HTTPConfig', {
      http2: withDefault(bool, true),
      headers: withDefault(
        checked(mapOf(str), (headers, node, context) => {
          for (const name of Object.keys(headers))
            if (!HEADERS.includes(name))
              context.report(fieldNode(node, name), `HTTP header "${name}" can not be configured`)
        }),
        {},
      ),
    }),
    { http2: true, headers: {} },
  ),
  basic_auth_users: withDefault(
    checked(mapOf(secret), (users, node, context) => {
      for (const [name, hash] of Object.entries(users))
        if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash.reveal()))
          context.report(
            fieldNode(node, name),
            'not a bcrypt hash: expected $2a$, $2b$ or $2y$ and 60 characters',
          )
    }),
    {},
  ),
})

/** Reads a file of `--web.config.file` and what it names. @throws Error naming file, line and field */
export function readWebConfig(file: string): { config: WebConfig; tls: TlsOptions | undefined } {
  const { value: config } = decodeYaml(readFileSync(file, 'utf8'), { file }, webConfig)
  const { tls_server_config: tls } = config
  return { config, tls: tls === undefined ? undefined : tlsOptions(tls) }
}

function tlsOptions(tls: TlsServerConfig): TlsOptions {
  const cert = tls.cert || readFileSync(tls.cert_file, 'utf8')
  const key = tls.key.isEmpty ? readFileSync(tls.key_file, 'utf8') : tls.key.reveal()
  const ca =
    tls.client_ca || (tls.client_ca_file === '' ? undefined : readFileSync(tls.client_ca_file, 'utf8'))
  if (!new X509Certificate(cert).publicKey) throw new Error('BUG: a certificate without a key')
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    requestCert: tls.client_auth_type !== 'NoClientCert',
    // Who gives none where none is needed must get in; what is given is looked at by the listener.
    rejectUnauthorized: tls.client_auth_type === 'RequireAndVerifyClientCert',
    minVersion: VERSIONS[tls.min_version],
    maxVersion: VERSIONS[tls.max_version],
    ...(tls.cipher_suites.length === 0 ? {} : { ciphers: tls.cipher_suites.map((name) => SUITES[name]).join(':') }),
    ...(tls.curve_preferences.length === 0 ? {} : { ecdhCurve: tls.curve_preferences.map((name) => CURVES[name]).join(':') }),
    honorCipherOrder: tls.prefer_server_cipher_suites,
  } // prettier-ignore
}

/** Whether the files behind a configuration changed since; certificates that are replaced are seen too. */
export function webConfigStamp(file: string, config: WebConfig): string {
  const tls = config.tls_server_config
  return [file, tls?.cert_file ?? '', tls?.key_file ?? '', tls?.client_ca_file ?? '']
    .filter((path) => path !== '')
    .map((path) => `${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0}`)
    .join('\n')
}
