import type { ExpositionFormat } from '@promontory/exposition'

/** A body as a client delivers it: at least one spare byte behind `length`. */
export interface IngestBody {
  readonly bytes: Uint8Array
  readonly length: number
  readonly format: ExpositionFormat
}

/** More samples than `sample_limit`; the scrape fails and is counted. */
export class SampleLimitError extends Error {
  override readonly name = 'SampleLimitError'
  constructor() {
    super('sample limit exceeded')
  }
}
