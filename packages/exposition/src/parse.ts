import { type FloatHistogram, type Labels, type SeriesMetadata, withTypeAndUnit } from '@promontory/model'
import { createTextParser } from './content-type.ts'
import type { ExpositionFormat } from './content-type.ts'
import type { ParsedExemplar } from './entry.ts'
import { CreatedTimes } from './created-times.ts'
import { parseProtobuf } from './protobuf-parser.ts'

/** Takes what a body holds, in its order. Metadata of a family comes before its samples when the body says so. */
export interface ExpositionSink {
  /**
   * @param timeMs     undefined when the sample has no timestamp
   * @param createdMs  when the series began, where the body says so and it was asked for
   */
  sample(
    labels: Labels,
    value: number,
    timeMs: number | undefined,
    exemplars: readonly ParsedExemplar[],
    createdMs?: number,
  ): void
  /** @param isInteger  whether the counts came as integers */
  histogram(
    labels: Labels,
    histogram: FloatHistogram,
    timeMs: number | undefined,
    exemplars: readonly ParsedExemplar[],
    isInteger: boolean,
    createdMs?: number,
  ): void
  metadata(metricFamily: string, metadata: Partial<SeriesMetadata>): void
}

/** What is made of a body beyond its series. */
export interface ExpositionOptions {
  /** Samples get the time at which their series began; OpenMetrics' `_created` lines are then no series. */
  readonly createdTimes?: boolean
  /** Series get `__type__` and `__unit__`. */
  readonly typeAndUnitLabels?: boolean
}

const NO_EXEMPLARS: readonly ParsedExemplar[] = []

/**
 * Reads a whole body: what pushes, imports and checks do. Scrapes use the parsers themselves.
 * @throws ExpositionError at the first fault; what came before has reached the sink
 */
export function parseExposition(
  bytes: Uint8Array,
  format: ExpositionFormat,
  sink: ExpositionSink,
  options: ExpositionOptions = {},
): void {
  if (format === 'protobuf')
    return parseProtobuf(bytes, { ...options, nativeHistograms: true, keepClassic: false }, sink)
  if (format !== 'openmetrics' || options.createdTimes !== true)
    return parseText(bytes, format, sink, options)
  const created = new CreatedTimes(sink)
  parseText(bytes, format, created, options)
  created.end()
}

function parseText(
  bytes: Uint8Array,
  format: 'text' | 'openmetrics',
  sink: ExpositionSink,
  { typeAndUnitLabels = false }: ExpositionOptions,
): void {
  const parser = createTextParser(format)
  const buffer = new Uint8Array(bytes.length + 1)
  buffer.set(bytes)
  parser.reset(buffer, bytes.length)
  let unit = ''
  for (;;) {
    switch (parser.next()) {
      case 'end':
        return
      case 'series': {
        const exemplars = parser.exemplar === undefined ? NO_EXEMPLARS : [parser.exemplar]
        const labels = typeAndUnitLabels
          ? withTypeAndUnit(parser.labels(), parser.type, unit)
          : parser.labels()
        sink.sample(labels, parser.value, parser.hasTime ? parser.timeMs : undefined, exemplars)
        break
      }
      case 'type':
        sink.metadata(parser.metricName, { type: parser.type })
        break
      case 'help':
        sink.metadata(parser.metricName, { help: parser.text })
        break
      case 'unit':
        unit = parser.text
        sink.metadata(parser.metricName, { unit })
        break
      case 'comment':
    }
  }
}
