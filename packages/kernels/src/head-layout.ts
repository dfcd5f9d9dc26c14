/** Addresses and record layouts of a head memory: the TypeScript side of `assembly/layout.ts`, which explains them. */

export const HEADER = 65536
/** Word indexes (4 bytes) of the header. */
export const H_SEQUENCE: number = HEADER / 4
export const H_BUMP: number = HEADER / 4 + 1
export const H_LIMIT: number = HEADER / 4 + 2
export const H_RETIRED: number = HEADER / 4 + 3
export const H_SERIES_BASE: number = HEADER / 4 + 4
export const H_SERIES_TOP: number = HEADER / 4 + 5
export const H_BYTES_IN_USE: number = HEADER / 4 + 6
export const H_CHUNKS: number = HEADER / 4 + 7
/** Index in 8-byte floats. */
export const H_MIN_TIME_F64: number = HEADER / 8 + 4
export const H_MAX_TIME_F64: number = HEADER / 8 + 5
/** Words from here to the free lists are TypeScript's own (index of symbols, postings, epochs). */
export const H_FREE_FOR_INDEX: number = HEADER / 4 + 16

export const RETIRE_BUFFER: number = HEADER + 8192
export const RETIRE_CAPACITY: number = 1048576
export const FIXED_END: number = RETIRE_BUFFER + 8 * RETIRE_CAPACITY

export const SERIES_BYTES = 80
/** Byte offsets inside a series record. */
export const S_BIT = 0
export const S_NUM = 4
export const S_LAST_TIME = 8
export const S_LAST_VALUE = 24
export const S_OPEN = 32
export const S_OPEN_CAPACITY = 36
export const S_OPEN_MIN_TIME = 40
export const S_SEALED = 48
export const S_SEALED_COUNT = 52
export const S_SEALED_CAPACITY = 54
export const S_LABELS = 56
export const S_IDENTITY = 60
export const S_ENCODING = 63
export const S_LATE = 64
export const S_HASH = 68
export const S_CUT_TIME = 72

export const SEALED_BYTES = 24
export const C_MIN_TIME = 0
export const C_SPAN = 8
export const C_ADDRESS = 12
export const C_LENGTH = 16
export const C_SAMPLES = 20
export const C_ENCODING = 22
/** Of a chunk that was moved to a file: the low byte of the file's number. */
export const C_FILE = 23
/** Set in C_ADDRESS of such a chunk: the other bits are where its data begin in the file. */
export const IN_FILE = 0x80000000

/** Refs are generation · 2^24 + slot. */
export const SLOT_BITS = 24
export const SLOTS_MAX: number = 2 ** SLOT_BITS
export const GENERATIONS_MAX = 65536
/** State of a living series, in the place that it has in S_IDENTITY. */
export const IDENTITY_ALIVE = 65536
/** Bytes behind a chunk that the decoder may read (not use). */
export const DECODE_PADDING = 16
