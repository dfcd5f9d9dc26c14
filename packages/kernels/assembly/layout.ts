// Addresses and record layouts of a head memory. The TypeScript side (../src/head-layout.ts) repeats them; a test
// compares the two through the exported getters at the end.

// ---- header, at HEADER: words of 4 bytes ----
export const HEADER: usize = 65536
/** Even: no batch is being applied; odd: one is. Readers copy a snapshot and check that it did not move. */
export const H_SEQUENCE: usize = HEADER + 0
/** Next free address of the arena. */
export const H_BUMP: usize = HEADER + 4
/** First address behind the arena. */
export const H_LIMIT: usize = HEADER + 8
/** Entries in the retire buffer, waiting for TypeScript to give them an epoch. */
export const H_RETIRED: usize = HEADER + 12
/** Base address of the series records. */
export const H_SERIES_BASE: usize = HEADER + 16
/** Slots in use are below this one. */
export const H_SERIES_TOP: usize = HEADER + 20
/** Bytes handed out by the allocator and not freed. */
export const H_BYTES_IN_USE: usize = HEADER + 24
/** Sealed plus open chunks. */
export const H_CHUNKS: usize = HEADER + 28
/** f64: oldest and newest sample time in the head. */
export const H_MIN_TIME: usize = HEADER + 32
export const H_MAX_TIME: usize = HEADER + 40

// ---- free lists: one head per size class, behind the header ----
export const FREE_LISTS: usize = HEADER + 4096
/** Classes 1…128 are multiples of 32 bytes; 129… are powers of two from 8 KiB. */
export const SMALL_STEP: u32 = 32
export const SMALL_CLASSES: u32 = 128

// ---- retire buffer: pairs (address, class) ----
export const RETIRE_BUFFER: usize = HEADER + 8192
export const RETIRE_CAPACITY: u32 = 1048576

/** First address behind the fixed regions above. */
export const FIXED_END: usize = RETIRE_BUFFER + 8 * RETIRE_CAPACITY

// ---- series record ----
export const SERIES_BYTES: usize = 80
export const S_BIT: usize = 0 // u32: bits written to the open chunk, its two count bytes included
export const S_NUM: usize = 4 // u16: samples in the open chunk
export const S_LEAD: usize = 6 // u8: leading zeros of the last value written, 255 = none yet
export const S_TRAIL: usize = 7 // u8
export const S_LAST_TIME: usize = 8 // i64: ms of the newest sample
export const S_DELTA: usize = 16 // i64: last difference of times
export const S_LAST_VALUE: usize = 24 // u64: bits of the newest value
export const S_OPEN: usize = 32 // u32: address of the open chunk, 0 = none
export const S_OPEN_CAPACITY: usize = 36 // u32: its bytes
export const S_OPEN_MIN_TIME: usize = 40 // f64
export const S_SEALED: usize = 48 // u32: address of the list of sealed chunks, 0 = none
export const S_SEALED_COUNT: usize = 52 // u16
export const S_SEALED_CAPACITY: usize = 54 // u16
export const S_LABELS: usize = 56 // u32: address of the label record
export const S_IDENTITY: usize = 60 // u32: generation in the low 16 bits, then 8 bits of state (0 free, 1 alive)
export const S_ENCODING: usize = 63 // u8, its high 8 bits: encoding of the newest sample's chunk, 0 or 1 for floats
export const S_LATE: usize = 64 // u32: address of the record of late samples, 0 = none
export const S_HASH: usize = 68 // u32: hash of the labels
export const S_CUT_TIME: usize = 72 // f64: a sample at or behind this time opens a new chunk

// ---- sealed chunk entry ----
export const SEALED_BYTES: usize = 24
export const C_MIN_TIME: usize = 0 // f64
export const C_SPAN: usize = 8 // u32: ms from the first sample to the last
export const C_ADDRESS: usize = 12 // u32
export const C_LENGTH: usize = 16 // u32: bytes
export const C_SAMPLES: usize = 20 // u16
export const C_ENCODING: usize = 22 // u8: 1 XOR, 2 histograms, 3 float histograms
// Byte 23 and the highest bit of C_ADDRESS are TypeScript's: chunks that were moved to files (see chunk-files.ts).

/** A chunk is cut at so many samples, as in Prometheus. */
export const SAMPLES_PER_CHUNK: u32 = 120
/** The most that one more sample can take: 4 + 64 bits of time, 13 + 64 of value, and 16 bytes that 64-bit stores may touch. */
export const SAMPLE_BYTES_MAX: u32 = 36
export const OPEN_CHUNK_BYTES: u32 = 96

export function layoutSeriesBytes(): u32 { return <u32>SERIES_BYTES }
export function layoutSealedBytes(): u32 { return <u32>SEALED_BYTES }
export function layoutFixedEnd(): u32 { return <u32>FIXED_END }
export function layoutHeader(): u32 { return <u32>HEADER }
