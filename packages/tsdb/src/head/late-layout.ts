/**
 * The record of a series' late (out-of-order) samples, at the address in S_LATE:
 * word 0 address of the newest samples, 1 their count, 2 address of the list of sealed chunks, 3 their count,
 * 4 room for newest samples, 5 room in the list. Offsets in words.
 */
export const LATE_WORDS = 6
export const L_OPEN = 0
export const L_OPEN_COUNT = 1
export const L_SEALED = 2
export const L_SEALED_COUNT = 3
export const L_OPEN_ROOM = 4
export const L_SEALED_ROOM = 5

/** One of the newest late samples: time (float64), encoding, then for floats the bits, else address and length of a chunk of one sample. */
export const LATE_SAMPLE_BYTES = 24
export const LS_TIME = 0
export const LS_FIRST = 8
export const LS_SECOND = 12
export const LS_ENCODING = 16
