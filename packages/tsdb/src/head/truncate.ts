import {
  C_ADDRESS,
  C_LENGTH,
  C_MIN_TIME,
  C_SPAN,
  H_CHUNKS,
  H_SEQUENCE,
  IN_FILE,
  S_LAST_TIME,
  S_LATE,
  S_NUM,
  S_OPEN,
  S_OPEN_CAPACITY,
  S_OPEN_MIN_TIME,
  S_SEALED,
  S_SEALED_CAPACITY,
  S_SEALED_COUNT,
  SEALED_BYTES,
} from '@promontory/kernels'
import type { Head } from './head.ts'

/** Longest stretch of work before other things on the thread get their turn. */
const TURN_MS = 4

/**
 * Frees what a block has taken over: chunks that end before `minTimeMs`, then series that have none left. Works in short
 * turns; readers that started before keep what they saw. Afterwards the head begins at the oldest sample that it has.
 * @returns series removed
 */
export async function truncateHead(head: Head, minTimeMs: number): Promise<number> {
  const turn = new Turn()
  const dead: number[] = []
  let oldestMs = Infinity
  for (let slot = 1; slot < head.series.top; slot++) {
    if (!head.series.isAlive(slot)) continue
    if (dropChunks(head, slot, minTimeMs)) dead.push(slot)
    else oldestMs = Math.min(oldestMs, firstTime(head, slot))
    await turn.pause()
  }
  // Not simply `minTimeMs`: behind a long gap it would take a compaction per empty range to get here.
  head.minTimeMs = Math.max(minTimeMs, oldestMs)
  const removed = await removeSeries(head, dead, turn)
  head.mover?.truncate(minTimeMs)
  head.epochs.collect()
  head.metrics.seriesRemoved.add(removed)
  return removed
}

/** Takes series out of the index, and with the last of them their label pairs and symbols. @returns how many */
async function removeSeries(head: Head, dead: readonly number[], turn: Turn): Promise<number> {
  const pairs = new Set<number>()
  const removed: number[] = []
  for (const slot of dead) {
    // It may have got a sample since its chunks were looked at.
    if (!isEmpty(head, slot)) continue
    const symbols = head.series.labelSymbols(slot)
    for (let i = 0; i < symbols.length; i += 2) pairs.add(head.postings.find(symbols[i]!, symbols[i + 1]!))
    head.series.remove(slot)
    head.histograms.forget(slot)
    removed.push(slot)
    await turn.pause()
  }
  // Slots that a full memory has left in the index stay taken: there they would stand for other series.
  const stuck = new Set<number>()
  for (const pair of pairs) {
    if (!head.postings.filter(pair, (slot) => head.series.isAlive(slot)))
      for (const slot of head.postings.slots(pair)) stuck.add(slot)
    await turn.pause()
  }
  // What readers let go of may be all that is left to write smaller tables into.
  head.epochs.collect()
  head.index.reclaim(stuck.size === 0 ? removed : removed.filter((slot) => !stuck.has(slot)))
  return removed.length
}

class Turn {
  #started = performance.now()
  #count = 0
  async pause(): Promise<void> {
    // Looking at the clock costs more than most steps.
    if (++this.#count % 64 !== 0 || performance.now() - this.#started < TURN_MS) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#started = performance.now()
  }
}

function isEmpty({ memory }: Head, slot: number): boolean {
  const base = memory.seriesAddress(slot)
  const chunks = memory.u16[(base + S_NUM) >>> 1]! + memory.u16[(base + S_SEALED_COUNT) >>> 1]!
  return chunks === 0 && memory.u32[(base + S_LATE) >>> 2] === 0
}

/** Time of the oldest sample of a series that came in order. */
function firstTime({ memory }: Head, slot: number): number {
  const base = memory.seriesAddress(slot)
  const sealed = memory.u16[(base + S_SEALED_COUNT) >>> 1]! > 0
  // Late samples alone: they have a block of their own to come.
  if (!sealed && memory.u16[(base + S_NUM) >>> 1] === 0) return Infinity
  return memory.f64[
    (sealed ? memory.u32[(base + S_SEALED) >>> 2]! + C_MIN_TIME : base + S_OPEN_MIN_TIME) >>> 3
  ]!
}

function endOfSealed({ f64, u32 }: Head['memory'], entry: number): number {
  return f64[(entry + C_MIN_TIME) >>> 3]! + u32[(entry + C_SPAN) >>> 2]!
}

/** @returns whether the series has no chunk left */
function dropChunks(head: Head, slot: number, minTimeMs: number): boolean {
  const { u16, u32, i32 } = head.memory
  const base = head.memory.seriesAddress(slot)
  const list = u32[(base + S_SEALED) >>> 2]!
  const count = u16[(base + S_SEALED_COUNT) >>> 1]!
  let gone = 0
  while (gone < count && endOfSealed(head.memory, list + gone * SEALED_BYTES) < minTimeMs) gone++
  const lastTimeMs =
    (u32[(base + S_LAST_TIME + 4) >>> 2]! | 0) * 4294967296 + u32[(base + S_LAST_TIME) >>> 2]!
  const dropOpen = u16[(base + S_NUM) >>> 1]! > 0 && lastTimeMs < minTimeMs
  if (gone === 0 && !dropOpen) return isEmpty(head, slot)
  Atomics.add(i32, H_SEQUENCE, 1)
  if (dropOpen) dropOpenChunk(head, base)
  if (gone > 0) dropSealed(head, base, gone, count)
  Atomics.add(i32, H_SEQUENCE, 1)
  return isEmpty(head, slot)
}

function dropOpenChunk({ memory, kernels }: Head, base: number): void {
  const { u16, u32 } = memory
  kernels.retire(u32[(base + S_OPEN) >>> 2]!, kernels.allocationClass(u32[(base + S_OPEN_CAPACITY) >>> 2]!))
  u32[(base + S_OPEN) >>> 2] = 0
  u16[(base + S_NUM) >>> 1] = 0
  u32[base >>> 2] = 0
  u32[H_CHUNKS] = u32[H_CHUNKS]! - 1
}

/** Gives up the memory of a sealed chunk, unless it was moved to a file. */
export function retireChunk({ memory, kernels }: Pick<Head, 'memory' | 'kernels'>, entry: number): void {
  const address = memory.u32[(entry + C_ADDRESS) >>> 2]!
  if (address < IN_FILE)
    kernels.retire(address, kernels.allocationClass(memory.u32[(entry + C_LENGTH) >>> 2]!))
}

/** Readers may hold the old list: what stays goes into a new one. */
function dropSealed({ memory, kernels }: Head, base: number, gone: number, count: number): void {
  const { u8, u16, u32 } = memory
  const list = u32[(base + S_SEALED) >>> 2]!
  const left = count - gone
  const larger = left === 0 ? 0 : kernels.allocate(left * SEALED_BYTES) >>> 0
  if (left > 0 && larger === 0) return
  for (let i = 0; i < gone; i++) {
    const entry = list + i * SEALED_BYTES
    retireChunk({ memory, kernels }, entry)
  }
  if (left > 0) u8.copyWithin(larger, list + gone * SEALED_BYTES, list + count * SEALED_BYTES)
  kernels.retire(list, kernels.allocationClass(u16[(base + S_SEALED_CAPACITY) >>> 1]! * SEALED_BYTES))
  u32[(base + S_SEALED) >>> 2] = larger
  u16[(base + S_SEALED_COUNT) >>> 1] = left
  u16[(base + S_SEALED_CAPACITY) >>> 1] = left
  u32[H_CHUNKS] = u32[H_CHUNKS]! - gone
}
