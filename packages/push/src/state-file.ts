import { existsSync, readFileSync, renameSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type Clock, errorText, formatFloat, type Logger, type Timer } from '@promontory/base'
import { FloatHistogram } from '@promontory/model'
import type { GroupStore, PushGroup } from './group-store.ts'
import type { PushedFamily, PushedMetric, PushedSample } from './pushed-family.ts'

/** How soon after a change the file is written; a big file is written less often than it takes to write. */
const DELAY_MS = 1000
const REST_FACTOR = 20
const VERSION = 1

export interface StateFileOptions {
  readonly path: string
  readonly store: GroupStore
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps the groups over restarts: one JSON file, replaced in one step a second after a change, and at the end. */
export class StateFile {
  readonly #options: StateFileOptions
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #restUntilMs = 0

  constructor(options: StateFileOptions) {
    this.#options = options
  }

  /** Reads the file into the store. A file that cannot be read is put aside and told. */
  restore(): void {
    const { path, store, logger } = this.#options
    if (!existsSync(path)) return
    try {
      store.restore(decodeGroups(readFileSync(path, 'utf8')))
    } catch (error) {
      const aside = `${path}.broken`
      renameSync(path, aside)
      logger.error('the pushed groups cannot be read; the file is put aside', {
        path: aside,
        error: errorText(error),
      })
    }
  }

  /** To be called after each change. */
  touch(): void {
    const { clock } = this.#options
    if (this.#timer !== undefined) return
    const delayMs = Math.max(DELAY_MS, this.#restUntilMs - clock.monotonicMs())
    this.#timer = clock.setTimer(delayMs, () => {
      this.#timer = undefined
      this.#write()
    })
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) {
      this.#timer.cancel()
      this.#timer = undefined
      this.#write()
    }
    await this.#writing
  }

  #write(): void {
    const { path, store, clock, logger } = this.#options
    const startedMs = clock.monotonicMs()
    const text = encodeGroups(store.groups())
    this.#writing = this.#writing
      .then(() => writeFile(`${path}.tmp`, text, { flush: true }))
      .then(() => {
        renameSync(`${path}.tmp`, path)
        this.#restUntilMs = clock.monotonicMs() + REST_FACTOR * (clock.monotonicMs() - startedMs)
      })
      .catch((error: unknown) => {
        logger.error('the pushed groups cannot be written; trying again', { path, error: errorText(error) })
        this.touch()
      })
  }
}

interface StoredMetric {
  readonly labels: PushedMetric['labels']
  /** Values as texts: JSON has no NaN. */
  readonly samples: readonly (readonly [suffix: string, extra: PushedSample['extra'] | null, value: string])[]
  readonly native?: {
    readonly histogram: Record<string, unknown>
    readonly sum: string
    readonly isInteger: boolean
  }
}

interface StoredGroup extends Omit<PushGroup, 'families'> {
  readonly families: readonly (Omit<PushedFamily, 'metrics'> & {
    readonly metrics: readonly StoredMetric[]
  })[]
}

/** Groups as the text of the file. */
export function encodeGroups(groups: readonly PushGroup[]): string {
  const stored: StoredGroup[] = groups.map(({ families, ...group }) => ({
    ...group,
    families: [...families.values()].map(({ metrics, ...family }) => ({
      ...family,
      metrics: metrics.map(({ labels, samples, native }) => ({
        labels,
        samples: samples.map(
          ({ suffix, extra, value }) => [suffix, extra ?? null, formatFloat(value)] as const,
        ),
        ...(native === undefined
          ? {}
          : {
              native: {
                histogram: { ...native.histogram },
                sum: formatFloat(native.histogram.sum),
                isInteger: native.isInteger,
              },
            }),
      })),
    })),
  }))
  return JSON.stringify({ version: VERSION, groups: stored })
}

/** @throws Error when the text is not what {@link encodeGroups} writes */
export function decodeGroups(text: string): PushGroup[] {
  const { version, groups } = JSON.parse(text) as { version: number; groups: StoredGroup[] }
  if (version !== VERSION) throw new Error(`version ${version} is not known, expected ${VERSION}`)
  return groups.map(({ families, ...group }) => ({
    ...group,
    families: new Map(
      families.map(({ metrics, name, help, type }) => [
        name,
        {
          name,
          type,
          help,
          metrics: metrics.map(({ labels, samples, native }) => ({
            labels,
            samples: samples.map(([suffix, extra, value]) => ({
              suffix,
              extra: extra ?? undefined,
              value: parseValue(value),
            })),
            native:
              native === undefined
                ? undefined
                : {
                    histogram: new FloatHistogram({ ...native.histogram, sum: parseValue(native.sum) }),
                    isInteger: native.isInteger,
                  },
          })),
        },
      ]),
    ),
  }))
}

function parseValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}
