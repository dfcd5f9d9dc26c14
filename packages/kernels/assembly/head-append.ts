// Appending a batch to the open chunks of a head, in three passes over the same three columns: check (changes nothing),
// then TypeScript logs what passed, then apply.
import {
  H_SERIES_BASE, H_SERIES_TOP, H_SEQUENCE, H_CHUNKS, H_MIN_TIME, H_MAX_TIME, SERIES_BYTES, S_BIT, S_NUM, S_LAST_TIME, S_LAST_VALUE,
  S_OPEN, S_OPEN_CAPACITY, S_OPEN_MIN_TIME, S_SEALED, S_SEALED_COUNT, S_SEALED_CAPACITY, S_IDENTITY, S_ENCODING, S_CUT_TIME,
  SEALED_BYTES, C_MIN_TIME, C_SPAN, C_ADDRESS, C_LENGTH, C_SAMPLES, C_ENCODING, SAMPLES_PER_CHUNK, SAMPLE_BYTES_MAX, OPEN_CHUNK_BYTES,
} from './layout'
import { allocate, classOf, retire } from './allocator'
import { xorAppendOne } from './xor'

const APPENDED: u8 = 0
const DUPLICATE_SAME: u8 = 1
const DUPLICATE_TIMESTAMP: u8 = 2
const OUT_OF_ORDER: u8 = 3
const TOO_OLD: u8 = 4
const OUT_OF_BOUNDS: u8 = 5
const UNKNOWN_SERIES: u8 = 6
/** The memory is full: counted and shown by TypeScript. */
const NO_MEMORY: u8 = 7
/** A stale marker behind histograms becomes one of them: TypeScript does that. */
const STALE_HISTOGRAM: u8 = 8

const STALE: u64 = 0x7ff0000000000002
const XOR: u8 = 1
/** State of a living series, in the place that it has in S_IDENTITY. */
const ALIVE: u32 = 0x10000

/** A ref is generation · 2^24 + slot, so that it stays below 2^40, the most that Prometheus's chunk refs hold. */
const SLOT_BITS: u64 = 24

/** @returns address of the series record, 0 when the ref names no living series */
@inline function seriesOf(ref: f64): usize {
  const whole = <u64>ref
  const slot = <u32>(whole & ((1 << SLOT_BITS) - 1))
  if (slot == 0 || slot >= load<u32>(H_SERIES_TOP)) return 0
  const series = <usize>load<u32>(H_SERIES_BASE) + <usize>slot * SERIES_BYTES
  if ((load<u32>(series, S_IDENTITY) & 0xffffff) != (<u32>(whole >> SLOT_BITS) | ALIVE)) return 0
  return series
}

@inline function judge(series: usize, time: f64, value: u64, minTime: f64, maxTime: f64): u8 {
  if (!(time <= maxTime)) return OUT_OF_BOUNDS
  if (time < minTime) return TOO_OLD
  if (load<u16>(series, S_NUM) == 0 && load<u16>(series, S_SEALED_COUNT) == 0) return APPENDED
  const last = <f64>load<i64>(series, S_LAST_TIME)
  if (time > last) return value == STALE && load<u8>(series, S_ENCODING) > XOR ? STALE_HISTOGRAM : APPENDED
  if (time < last) return OUT_OF_ORDER
  if (load<u8>(series, S_ENCODING) > XOR) return DUPLICATE_TIMESTAMP
  return value == load<u64>(series, S_LAST_VALUE) ? DUPLICATE_SAME : DUPLICATE_TIMESTAMP
}

/**
 * Judges each sample against the newest one of its series.
 * @param refs, times  f64 columns  @param values  raw 64-bit column  @param statuses  u8 column, written
 * @returns how many may be appended
 */
export function headCheck(refs: usize, times: usize, values: usize, statuses: usize, count: u32, minTime: f64, maxTime: f64): u32 {
  let accepted: u32 = 0
  for (let i: usize = 0; i < <usize>count; i++) {
    const series = seriesOf(load<f64>(refs + (i << 3)))
    let status = UNKNOWN_SERIES
    if (series != 0) status = judge(series, load<f64>(times + (i << 3)), load<u64>(values + (i << 3)), minTime, maxTime)
    store<u8>(statuses + i, status)
    if (status == APPENDED) accepted++
  }
  return accepted
}

/** Adds the open chunk to the list of sealed ones, moved into a block that fits. @returns false when memory is full */
function seal(series: usize): bool {
  const count = <u32>load<u16>(series, S_SEALED_COUNT)
  let list = load<u32>(series, S_SEALED)
  const capacity = <u32>load<u16>(series, S_SEALED_CAPACITY)
  if (count == capacity) {
    const more = capacity + max<u32>(4, capacity >> 1)
    if (more > 65000) return false
    const larger = allocate(more * <u32>SEALED_BYTES)
    if (larger == 0) return false
    if (list != 0) {
      memory.copy(<usize>larger, <usize>list, <usize>count * SEALED_BYTES)
      retire(list, classOf(capacity * <u32>SEALED_BYTES))
    }
    list = larger
    store<u32>(series, list, S_SEALED)
    store<u16>(series, <u16>more, S_SEALED_CAPACITY)
  }
  const length = (load<u32>(series, S_BIT) + 7) >> 3
  let chunk = load<u32>(series, S_OPEN)
  const oldClass = classOf(load<u32>(series, S_OPEN_CAPACITY))
  const tightClass = classOf(length)
  if (tightClass < oldClass) {
    const tight = allocate(length)
    if (tight != 0) {
      memory.copy(<usize>tight, <usize>chunk, <usize>length)
      retire(chunk, oldClass)
      chunk = tight
    }
  }
  const entry = <usize>list + <usize>count * SEALED_BYTES
  store<f64>(entry, load<f64>(series, S_OPEN_MIN_TIME), C_MIN_TIME)
  store<u32>(entry, <u32>(<f64>load<i64>(series, S_LAST_TIME) - load<f64>(series, S_OPEN_MIN_TIME)), C_SPAN)
  store<u32>(entry, chunk, C_ADDRESS)
  store<u32>(entry, length, C_LENGTH)
  store<u16>(entry, load<u16>(series, S_NUM), C_SAMPLES)
  store<u8>(entry, max<u8>(XOR, load<u8>(series, S_ENCODING)), C_ENCODING)
  store<u16>(series, <u16>(count + 1), S_SEALED_COUNT)
  store<u32>(series, 0, S_OPEN)
  store<u16>(series, 0, S_NUM)
  store<u32>(series, 0, S_BIT)
  return true
}

/** Seals the open chunk, e.g. before a block is written from the head. @returns 1 when there was one */
export function headSeal(series: usize): u32 {
  if (load<u16>(series, S_NUM) == 0) return 0
  return seal(series) ? 1 : 0
}

/** The end of the block range that `time` falls into: chunks never cross it. */
@inline function rangeEnd(time: f64, range: f64): f64 {
  return Math.floor(time / range) * range + range
}

function openChunk(series: usize, time: f64, range: f64): bool {
  const chunk = allocate(OPEN_CHUNK_BYTES)
  if (chunk == 0) return false
  store<u32>(series, chunk, S_OPEN)
  store<u32>(series, OPEN_CHUNK_BYTES, S_OPEN_CAPACITY)
  store<u32>(series, 0, S_BIT)
  store<f64>(series, time, S_OPEN_MIN_TIME)
  store<f64>(series, rangeEnd(time, range), S_CUT_TIME)
  store<u8>(series, XOR, S_ENCODING)
  store<u32>(H_CHUNKS, load<u32>(H_CHUNKS) + 1)
  return true
}

/** Moves the open chunk into a block with room for one more sample. */
function enlarge(series: usize): bool {
  const capacity = load<u32>(series, S_OPEN_CAPACITY)
  const used = (load<u32>(series, S_BIT) + 7) >> 3
  const wanted = capacity + max<u32>(SAMPLE_BYTES_MAX, capacity >> 1)
  const bytes = (wanted + 31) & ~31
  const larger = allocate(bytes)
  if (larger == 0) return false
  const old = load<u32>(series, S_OPEN)
  memory.copy(<usize>larger, <usize>old, <usize>used)
  store<u32>(series, larger, S_OPEN)
  store<u32>(series, bytes, S_OPEN_CAPACITY)
  retire(old, classOf(capacity))
  return true
}

function appendOne(series: usize, time: f64, value: u64, range: f64): bool {
  const num = <u32>load<u16>(series, S_NUM)
  if (num != 0 && (num >= SAMPLES_PER_CHUNK || time >= load<f64>(series, S_CUT_TIME) || load<u8>(series, S_ENCODING) > XOR)) {
    if (!seal(series)) return false
  }
  if (load<u32>(series, S_OPEN) == 0) {
    if (!openChunk(series, time, range)) return false
  } else if (((load<u32>(series, S_BIT) + 7) >> 3) + SAMPLE_BYTES_MAX > load<u32>(series, S_OPEN_CAPACITY)) {
    if (!enlarge(series)) return false
  }
  xorAppendOne(series, <usize>load<u32>(series, S_OPEN), <i64>time, value)
  return true
}

/**
 * Appends the samples whose status is 0, as one step for readers: the sequence is odd meanwhile.
 * A sample that meets a full memory gets status 7. Samples are judged again, since a batch may hold a series twice.
 * @param range  length of a block range in ms; chunks do not cross its multiples
 * @returns samples appended
 */
export function headApply(refs: usize, times: usize, values: usize, statuses: usize, count: u32, minTime: f64, maxTime: f64, range: f64): u32 {
  let appended: u32 = 0
  let oldest = load<f64>(H_MIN_TIME)
  let newest = load<f64>(H_MAX_TIME)
  // Odd already when the batch has more than floats: then TypeScript opens and closes the step.
  const whole = (atomic.load<u32>(H_SEQUENCE) & 1) == 0
  if (whole) atomic.add<u32>(H_SEQUENCE, 1)
  for (let i: usize = 0; i < <usize>count; i++) {
    if (load<u8>(statuses + i) != APPENDED) continue
    const series = seriesOf(load<f64>(refs + (i << 3)))
    const time = load<f64>(times + (i << 3))
    const value = load<u64>(values + (i << 3))
    let status = series == 0 ? UNKNOWN_SERIES : judge(series, time, value, minTime, maxTime)
    if (status == APPENDED) {
      if (appendOne(series, time, value, range)) {
        appended++
        if (time < oldest) oldest = time
        if (time > newest) newest = time
      } else status = NO_MEMORY
    }
    store<u8>(statuses + i, status)
  }
  store<f64>(H_MIN_TIME, oldest)
  store<f64>(H_MAX_TIME, newest)
  if (whole) atomic.add<u32>(H_SEQUENCE, 1)
  return appended
}
