import {
  isNullNode,
  Secret,
  str,
  text,
  withDefault,
  type Field,
  type Schema,
  type YamlNode,
  type YamlValue,
} from '@promontory/base/yaml'
import { parseBoolText, parseFloatText } from '@promontory/base/yaml'
import { formatDuration, parseDuration } from '@promontory/model'
import { TemplateSet, TemplateError, alertmanagerFunctions, fn } from '@promontory/template'

/** Scalars that several receivers share. */
export const optionalText: Field<string> = withDefault(str, '')

/** Prometheus's duration (`5m`, `1d12h`), in milliseconds. */
export const modelDuration: Schema<number> = text('model.Duration', parseDuration, formatDuration)

const GO_UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Go's `time.ParseDuration` (`1h30m`, `1.5s`), in milliseconds. */
export const goDuration: Schema<number> = text('time.Duration', parseGoDuration, (ms) =>
  ms === 0 ? '0s' : formatDuration(ms),
)

function parseGoDuration(source: string): number {
  if (/^[+-]?0$/.test(source)) return 0
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(source)
  if (match === null) throw new Error(`time: invalid duration "${source}", expected e.g. 10s or 1h30m`)
  let ms = 0
  for (const [, number, unit] of source.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(number) * GO_UNITS_MS[unit!]!
  return match[1] === '-' ? -ms : ms
}

/** Upstream's checks of a URL: http or https, with a host. */
export function checkHttpUrl(source: string): string {
  if (/[\s\p{Cc}]/u.test(source)) throw new Error(`parse "${source}": net/url: invalid character in URL`)
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(source)?.[1]?.toLowerCase() ?? ''
  if (scheme !== 'http' && scheme !== 'https')
    throw new Error(`unsupported scheme "${scheme}" for URL, expected http or https`)
  if (!/^https?:\/\/[^/?#]/i.test(source) || !URL.canParse(source)) throw new Error('missing host for URL')
  return source
}

export const httpUrl: Schema<string> = text('config.URL', checkHttpUrl)

/** A URL that is itself a secret (webhook addresses are). */
export const secretUrl: Schema<Secret> = text(
  'config.SecretURL',
  (source) => new Secret(source === '<secret>' ? 'http://hidden.invalid/' : checkHttpUrl(source)),
  (value) => value.toString(),
)

/** A secret URL that may hold a template; without one it is checked at once. */
export const secretTemplateUrl: Schema<Secret> = text(
  'config.SecretTemplateURL',
  (source) => {
    if (source === '' || source === '<secret>') return new Secret(source)
    checkTemplate(source)
    if (!source.includes('{{'))
      try {
        checkHttpUrl(source)
      } catch (error) {
        throw new Error(`invalid URL: ${(error as Error).message}`, { cause: error })
      }
    return new Secret(source)
  },
  (value) => value.toString(),
)

function checkTemplate(source: string): void {
  try {
    const functions = { ...alertmanagerFunctions(() => 0), routeLabels: fn(['string'], () => '') }
    new TemplateSet({ functions }).parse('', source)
  } catch (error) {
    if (error instanceof TemplateError)
      throw new Error(`invalid template syntax: ${error.message}`, { cause: error })
    throw error
  }
}

/** Any YAML as plain JavaScript, for what is passed on as JSON. */
export const anyValue: Schema<YamlValue> = {
  type: 'interface {}',
  decode: (node) => plainValue(node),
  encode: (value) => value,
}

function plainValue(node: YamlNode): YamlValue {
  if (node.kind === 'sequence') return node.items.map(plainValue)
  if (node.kind === 'mapping')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plainValue(value)]))
  if (isNullNode(node)) return null
  if (node.tag === '!!bool') return parseBoolText(node.text) ?? node.text
  if (node.tag === '!!int' || node.tag === '!!float') return parseFloatText(node.text) ?? node.text
  return node.text
}
