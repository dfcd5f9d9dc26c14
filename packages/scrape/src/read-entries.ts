import { ClassicToNative, parseExposition, parseProtobuf } from '@promontory/exposition'
import type { ExpositionFormat, ExpositionSink } from '@promontory/exposition'
import type { ScrapeConfig } from './config.ts'
import type { ScrapeFeatures } from './features.ts'

/**
 * Reads a body entry by entry as a job wants its histograms, native, classic, or converted, and as features say.
 * @param bytes  the body and nothing behind it
 * @throws ExpositionError at the first fault; what came before has reached the sink
 */
export function readEntries(
  bytes: Uint8Array,
  format: ExpositionFormat,
  job: ScrapeConfig,
  features: ScrapeFeatures,
  sink: ExpositionSink,
): void {
  const keepClassic = job.always_scrape_classic_histograms === true
  const nativeHistograms = job.scrape_native_histograms === true
  const read = (into: ExpositionSink): void => {
    if (format === 'protobuf') parseProtobuf(bytes, { ...features, nativeHistograms, keepClassic }, into)
    else parseExposition(bytes, format, into, features)
  }
  if (job.convert_classic_histograms_to_nhcb !== true) return read(sink)
  const converter = new ClassicToNative(sink, keepClassic)
  read(converter)
  converter.end()
}
