import { bool, checked, mapOf, Secret, secret, str, struct, withDefault } from '@promontory/base/yaml'
import type { Schema, YamlNode, YamlValue } from '@promontory/base/yaml'

/** AWS request signing. */
export interface SigV4Config {
  readonly region: string
  readonly access_key: string
  readonly secret_key: Secret
  readonly profile: string
  readonly role_arn: string
  readonly external_id: string
  readonly use_fips_sts_endpoint: boolean
  readonly service_name: string
}

const plain = withDefault(str, '')

export const sigV4: Schema<SigV4Config> = checked(
  struct('sigv4.plain', {
    region: plain,
    access_key: plain,
    secret_key: withDefault(secret, new Secret('')),
    profile: plain,
    role_arn: plain,
    external_id: plain,
    use_fips_sts_endpoint: withDefault(bool, false),
    service_name: plain,
  }),
  (config, node, context) => {
    if ((config.access_key === '') !== config.secret_key.isEmpty)
      context.report(
        node,
        'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
      )
  },
)

/** A mapping that is kept as written, values of secret-looking fields hidden when printed. */
export const opaqueMapping: Schema<Readonly<Record<string, YamlValue>>> = mapOf({
  type: 'any',
  decode: valueOf,
  encode: hideSecrets,
})

function valueOf(node: YamlNode): YamlValue {
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'sequence') return node.items.map(valueOf)
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, valueOf(value)]))
}

function hideSecrets(value: YamlValue): YamlValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(hideSecrets)
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      /secret|password|token/.test(name) ? '<secret>' : hideSecrets(inner),
    ]),
  )
}
