import type { FloatHistogram, Labels, SeriesMetadata } from '@promontory/model'
import { createTextParser } from './content-type.ts'
import type { ExpositionFormat } from './content-type.ts'
import type { ParsedExemplar } from './entry.ts'
import { parseProtobuf } from './protobuf-parser.ts'

/** Takes what a body holds, in its order. Metadata of a family comes before its samples when the body says so. */
export interface ExpositionSink {
  /** @param timeMs undefined when the sample has no timestamp */
  sample(
    labels: Labels,
    value: number,
    timeMs: number | undefined,
    exemplars: readonly ParsedExemplar[],
  ): void
  /** @param isInteger  whether the counts came as integers */
  histogram(
    labels: Labels,
    histogram: FloatHistogram,
    timeMs: number | undefined,
    exemplars: readonly ParsedExemplar[],
    isInteger: boolean,
  ): void
  metadata(metricFamily: string, metadata: Partial<SeriesMetadata>): void
}

const NO_EXEMPLARS: readonly ParsedExemplar[] = []

/**
 * Reads a whole body: what pushes, imports and checks do. Scrapes use the parsers themselves.
 * @throws ExpositionError at the first fault; what came before has reached the sink
 */
export function parseExposition(bytes: Uint8Array, format: ExpositionFormat, sink: ExpositionSink): void {
  if (format === 'protobuf') return parseProtobuf(bytes, { nativeHistograms: true, keepClassic: false }, sink)
  const parser = createTextParser(format)
  const buffer = new Uint8Array(bytes.length + 1)
  buffer.set(bytes)
  parser.reset(buffer, bytes.length)
  for (;;) {
    switch (parser.next()) {
      case 'end':
        return
      case 'series': {
        const exemplars = parser.exemplar === undefined ? NO_EXEMPLARS : [parser.exemplar]
        sink.sample(parser.labels(), parser.value, parser.hasTime ? parser.timeMs : undefined, exemplars)
        break
      }
      case 'type':
        sink.metadata(parser.metricName, { type: parser.type })
        break
      case 'help':
        sink.metadata(parser.metricName, { help: parser.text })
        break
      case 'unit':
        sink.metadata(parser.metricName, { unit: parser.text })
        break
      case 'comment':
    }
  }
}
