import { PushError } from './errors.ts'
import type { GroupingKey } from './grouping-key.ts'
import type { PushedFamily, PushedMetric, PushedSample, PushedType } from './pushed-family.ts'

/** What was pushed under one grouping key. Times are Unix milliseconds, 0 for never. */
export interface PushGroup {
  readonly labels: GroupingKey
  readonly families: ReadonlyMap<string, PushedFamily>
  readonly pushTimeMs: number
  readonly failureTimeMs: number
  /** 0: kept until it is deleted. */
  readonly ttlMs: number
}

export interface GroupStoreOptions {
  readonly nowMs: () => number
  /** Time to live of groups that say nothing else; 0 for ever, as in the Pushgateway. */
  readonly ttlMs: number
  /** Called after each change. */
  readonly onChange?: () => void
}

/** Groups and samples at most: what is pushed stays until somebody deletes it. */
const GROUPS_MAX = 100_000
const SAMPLES_MAX = 5_000_000
const INCONSISTENT = 'pushed metrics are invalid or inconsistent with existing metrics:'

/** All groups. A push is taken whole or not at all; one that is refused is noted in `push_failure_time_seconds`. */
export class GroupStore {
  readonly #options: GroupStoreOptions
  readonly #groups = new Map<string, PushGroup>()
  #samples = 0

  constructor(options: GroupStoreOptions) {
    this.#options = options
  }

  /** Groups that are alive, in the order in which they came. */
  groups(): PushGroup[] {
    this.#expire()
    return [...this.#groups.values()]
  }

  /** Takes over groups that were kept over a restart. */
  restore(groups: readonly PushGroup[]): void {
    for (const group of groups) this.#set(group)
  }

  /**
   * @param replace  PUT: the group holds nothing else afterwards; POST replaces families of the same name
   * @param ttlMs  undefined for the default
   * @throws PushError when types contradict what other groups hold, or a metric is there already
   */
  push(labels: GroupingKey, families: readonly PushedFamily[], replace: boolean, ttlMs?: number): void {
    this.#expire()
    const old = this.#groups.get(keyOf(labels))
    const merged = new Map(replace ? [] : old?.families)
    for (const family of families) if (!isOwnName(family.name)) merged.set(family.name, family)
    this.#checkRoom(old, merged)
    for (const { name } of families) {
      const family = merged.get(name)
      if (family !== undefined) this.#checkConsistency(family, keyOf(labels))
    }
    this.#set({
      labels,
      families: merged,
      pushTimeMs: this.#options.nowMs(),
      failureTimeMs: old?.failureTimeMs ?? 0,
      ttlMs: ttlMs ?? old?.ttlMs ?? this.#options.ttlMs,
    })
    this.#options.onChange?.()
  }

  /** Notes that a push was refused. */
  fail(labels: GroupingKey): void {
    const old = this.#groups.get(keyOf(labels))
    if (old === undefined && this.#groups.size >= GROUPS_MAX) return
    const {
      families = new Map<string, PushedFamily>(),
      pushTimeMs = 0,
      ttlMs = this.#options.ttlMs,
    } = old ?? {}
    this.#set({ labels, families, pushTimeMs, failureTimeMs: this.#options.nowMs(), ttlMs })
    this.#options.onChange?.()
  }

  /** No fault when there is no such group. */
  delete(labels: GroupingKey): void {
    if (this.#remove(keyOf(labels))) this.#options.onChange?.()
  }

  wipe(): void {
    this.#groups.clear()
    this.#samples = 0
    this.#options.onChange?.()
  }

  #set(group: PushGroup): void {
    const key = keyOf(group.labels)
    this.#samples += sampleCount(group.families) - sampleCount(this.#groups.get(key)?.families)
    this.#groups.set(key, group)
  }

  #remove(key: string): boolean {
    this.#samples -= sampleCount(this.#groups.get(key)?.families)
    return this.#groups.delete(key)
  }

  #expire(): void {
    const nowMs = this.#options.nowMs()
    let changed = false
    for (const [key, { ttlMs, pushTimeMs, failureTimeMs }] of this.#groups)
      if (ttlMs > 0 && Math.max(pushTimeMs, failureTimeMs) + ttlMs <= nowMs)
        changed = this.#remove(key) || changed
    if (changed) this.#options.onChange?.()
  }

  #checkRoom(old: PushGroup | undefined, merged: ReadonlyMap<string, PushedFamily>): void {
    if (old === undefined && this.#groups.size >= GROUPS_MAX)
      throw new PushError(503, `there are ${GROUPS_MAX} groups: delete some`)
    const samples = this.#samples - sampleCount(old?.families) + sampleCount(merged)
    if (samples > SAMPLES_MAX)
      throw new PushError(503, `more than ${SAMPLES_MAX} samples: delete some groups`)
  }

  #checkConsistency(family: PushedFamily, ownKey: string): void {
    const ours = new Set(family.metrics.map(({ labels }) => JSON.stringify(labels)))
    for (const [key, { families }] of this.#groups) {
      const other = key === ownKey ? undefined : families.get(family.name)
      if (other === undefined) continue
      if (other.type !== family.type)
        throw new PushError(
          400,
          `${INCONSISTENT} collected metric "${family.name}" ${describe(family.type, family.metrics[0]!)} is not a ${other.type.toUpperCase()}`,
        )
      const twice = other.metrics.find(({ labels }) => ours.has(JSON.stringify(labels)))
      if (twice !== undefined)
        throw new PushError(
          400,
          `${INCONSISTENT} collected metric "${family.name}" ${describe(family.type, twice)} was collected before with the same name and label values`,
        )
    }
  }
}

/** The families that the gateway adds to every group itself. */
function isOwnName(name: string): boolean {
  return name === 'push_time_seconds' || name === 'push_failure_time_seconds'
}

function keyOf(labels: GroupingKey): string {
  return JSON.stringify(labels)
}

function sampleCount(families: ReadonlyMap<string, PushedFamily> | undefined): number {
  let count = 0
  for (const { metrics } of families?.values() ?? [])
    for (const { samples } of metrics) count += samples.length
  return count
}

/** As the Go library prints a metric in its faults. */
function describe(type: PushedType, { labels, samples }: PushedMetric): string {
  const shown = labels.map(([name, value]) => `label:{name:"${name}"  value:"${value}"}`)
  const [sample] = samples as readonly [PushedSample]
  const isSimple = type === 'counter' || type === 'gauge' || type === 'untyped'
  return `{ ${[...shown, isSimple ? `${type}:{value:${sample.value}}` : type].join('  ')}}`
}

/** The families that every group has: when it was pushed last, and when that last failed. */
export function timeFamilies({ labels, pushTimeMs, failureTimeMs }: PushGroup): PushedFamily[] {
  const own = new Map([['instance', ''], ...labels] as [string, string][])
  const sorted = [...own].sort(([a], [b]) => (a < b ? -1 : 1))
  const family = (name: string, help: string, timeMs: number): PushedFamily => ({
    name,
    help,
    type: 'gauge',
    metrics: [{ labels: sorted, samples: [{ suffix: '', extra: undefined, value: timeMs / 1000 }] }],
  })
  return [
    family(
      'push_failure_time_seconds',
      'Last Unix time when changing this group in the Pushgateway failed.',
      failureTimeMs,
    ),
    family(
      'push_time_seconds',
      'Last Unix time when changing this group in the Pushgateway succeeded.',
      pushTimeMs,
    ),
  ]
}
