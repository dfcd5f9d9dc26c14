import type { TextParser } from './entry.ts'
import { OpenMetricsParser } from './openmetrics-parser.ts'
import { PrometheusTextParser } from './text-parser.ts'

/** The media types that samples come in. */
export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf'

const FORMATS: Readonly<Record<string, ExpositionFormat>> = {
  'text/plain': 'text',
  'application/openmetrics-text': 'openmetrics',
  'application/vnd.google.protobuf': 'protobuf',
}

/** Names of `scrape_protocols`, in upstream's order of error texts. */
export const SCRAPE_PROTOCOLS = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
] as const
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number]

/** What stands for each protocol in an `Accept` header. */
export const SCRAPE_PROTOCOL_HEADERS: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto:
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
}

/** How a target should spell names outside the classic set. */
export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

/** The `Accept` header for a list of protocols, best first. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: EscapingScheme): string {
  let weight = SCRAPE_PROTOCOLS.length + 1
  const values = protocols.map((protocol) => {
    const isEscapable = protocol === 'PrometheusText1.0.0' || protocol === 'OpenMetricsText1.0.0'
    const escapingPart = isEscapable ? `;escaping=${escaping}` : ''
    return `${SCRAPE_PROTOCOL_HEADERS[protocol]}${escapingPart};q=0.${weight--}`
  })
  return [...values, `*/*;q=0.${weight}`].join(',')
}

export interface ChosenFormat {
  readonly format: ExpositionFormat
  /** Set when the header was useless and the fallback was taken. */
  readonly note?: string
}

/**
 * Chooses the parser for a `Content-Type`.
 * @param fallback `fallback_scrape_protocol` of the configuration
 * @throws Error with upstream's text when the header is blank or unknown and there is no fallback
 */
export function chooseFormat(contentType: string, fallback?: ScrapeProtocol): ChosenFormat {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  const known = Object.hasOwn(FORMATS, mediaType) ? FORMATS[mediaType] : undefined
  if (known !== undefined) return { format: known }
  const problem =
    contentType === ''
      ? 'non-compliant scrape target sending blank Content-Type'
      : /^[^\s/;]+\/[^\s/;]+$/.test(mediaType)
        ? `received unsupported Content-Type ${JSON.stringify(contentType)}`
        : `cannot parse Content-Type ${JSON.stringify(contentType)}`
  if (fallback === undefined)
    throw new Error(`${problem} and no fallback_scrape_protocol specified for target`)
  const format = FORMATS[SCRAPE_PROTOCOL_HEADERS[fallback].split(';')[0]!]!
  return { format, note: `${problem}, using fallback_scrape_protocol "${fallback}"` }
}

/** A parser for one of the text formats. */
export function createTextParser(format: 'text' | 'openmetrics'): TextParser {
  return format === 'text' ? new PrometheusTextParser() : new OpenMetricsParser()
}
