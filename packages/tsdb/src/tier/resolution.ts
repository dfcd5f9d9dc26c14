const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A tier: how long its windows are, how much time one of its blocks comes to hold, and its name in configurations and paths. */
export interface Tier {
  readonly name: '5m' | '1h' | '1d'
  readonly resolutionMs: number
  /** Blocks of single days are merged up to this. */
  readonly blockMs: number
  /** How long it is kept unless told otherwise. */
  readonly defaultRetentionMs: number
}

/** The tiers that exist, finest first. The first two are Thanos's. */
export const TIERS: readonly Tier[] = [
  { name: '5m', resolutionMs: 5 * MINUTE, blockMs: 6 * DAY, defaultRetentionMs: 60 * DAY },
  { name: '1h', resolutionMs: HOUR, blockMs: 30 * DAY, defaultRetentionMs: 365 * DAY },
  { name: '1d', resolutionMs: DAY, blockMs: 90 * DAY, defaultRetentionMs: 3 * 365 * DAY },
]

/** How long each tier is kept, in ms; 0 for a tier that is not kept. */
export type TierRetention = Readonly<Record<Tier['name'], number>>

/** No tier is made; those that are there stay. */
export const NO_TIERS: TierRetention = { '5m': 0, '1h': 0, '1d': 0 }

/** What is aggregated at once: the UTC day. */
export const BUILD_MS: number = DAY
