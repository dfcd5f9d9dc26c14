// The shortest decimal that reads back as a double, and of those the closest to it: Raffaello Giulietti, "The Schubfach way to render doubles"
// (2020). Names in capitals of the paper: c · 2^q is the double, 10^k the unit of the decimal, g the table of powers of ten.
//
// The caller's table: for k from POWER_MIN to POWER_MAX the upper 128 bits of 10^k, rounded up, high word first; behind them the
// pairs of digits 00 … 99.
const POWER_MIN: i32 = -292
const POWER_MAX: i32 = 324
const PAIRS: usize = <usize>(POWER_MAX - POWER_MIN + 1) << 4

/** High word of the product. */
@inline function mulHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff, aHigh = a >> 32
  const bLow = b & 0xffffffff, bHigh = b >> 32
  const middle = aHigh * bLow + ((aLow * bLow) >> 32)
  const other = aLow * bHigh + (middle & 0xffffffff)
  return aHigh * bHigh + (middle >> 32) + (other >> 32)
}

/** g · c / 2^128, its last bit set where anything was cut off. */
@inline function roundToOdd(high: u64, low: u64, c: u64): u64 {
  const carry = mulHigh(low, c)
  const below = high * c
  const sum = below + carry
  return (mulHigh(high, c) + <u64>(sum < below)) | <u64>(sum > 1)
}

@inline function digitsOf(value: u64): u32 {
  let digits: u32 = 1
  for (let limit: u64 = 10; value >= limit && digits < 19; limit *= 10) digits++
  return digits
}

/** Writes `value` with `digits` digits. */
@inline function writeDigits(table: usize, out: usize, value: u64, digits: u32): void {
  const pairs = table + PAIRS
  let at = out + digits
  while (value >= 0x100000000) {
    const rest = value / 100
    at -= 2
    store<u16>(at, load<u16>(pairs + (<usize>(value - rest * 100) << 1)))
    value = rest
  }
  let small = <u32>value
  while (at >= out + 2) {
    const rest = small / 100
    at -= 2
    store<u16>(at, load<u16>(pairs + (<usize>(small - rest * 100) << 1)))
    small = rest
  }
  if (at > out) store<u8>(at - 1, <u8>(48 + small % 10))
}

@inline function fillZeros(out: usize, count: u32): usize {
  memory.fill(out, 48, count)
  return out + count
}

/** Writes a whole number. @returns the address behind it */
@inline export function writeWhole(table: usize, out: usize, value: u64): usize {
  const digits = digitsOf(value)
  writeDigits(table, out, value, digits)
  return out + digits
}

/** Writes so many digits of a number, with zeros in front. @returns the address behind them */
@inline export function writePadded(table: usize, out: usize, value: u64, digits: u32): usize {
  writeDigits(table, out, value, digits)
  return out + digits
}

/** Writes significand · 10^exponent as Go's strconv does with format 'f', or 'e' below 1e-6 and from 1e21 on. @returns the address behind it */
function writeDecimal(table: usize, out: usize, significand: u64, exponent: i32): usize {
  if (significand % 100000000 == 0) { significand /= 100000000; exponent += 8 }
  while (true) {
    const shorter = significand / 10
    if (shorter * 10 != significand) break
    significand = shorter
    exponent++
  }
  const digits = <i32>digitsOf(significand)
  const point = digits + exponent
  if (point < -5 || point > 21) return writeScientific(table, out, significand, digits, point - 1)
  if (point <= 0) {
    store<u16>(out, 0x2e30)
    out = fillZeros(out + 2, -point)
    return writePadded(table, out, significand, digits)
  }
  if (point >= digits) return fillZeros(writePadded(table, out, significand, digits), point - digits)
  writeDigits(table, out + 1, significand, digits)
  memory.copy(out, out + 1, point)
  store<u8>(out + point, 46)
  return out + digits + 1
}

function writeScientific(table: usize, out: usize, significand: u64, digits: i32, exponent: i32): usize {
  writeDigits(table, out + 1, significand, digits)
  store<u8>(out, load<u8>(out + 1))
  out++
  if (digits > 1) {
    store<u8>(out, 46)
    out += digits
  }
  store<u16>(out, exponent < 0 ? 0x2d65 : 0x2b65)
  const size = <u64>abs(exponent)
  return writePadded(table, out + 2, size, size >= 100 ? 3 : 2)
}

/** Writes a positive finite double that is no whole number below 2^53. */
function writePositive(table: usize, out: usize, bits: u64): usize {
  const fraction = bits & 0xfffffffffffff
  const biased = <i32>(bits >> 52)
  const c = biased == 0 ? fraction : fraction | 0x10000000000000
  const q = (biased == 0 ? 1 : biased) - 1075
  // The neighbour below is half as far where the significand is the smallest of its binade.
  const isNarrow = fraction == 0 && biased > 1
  const k = (q * 1262611 - (isNarrow ? 524031 : 0)) >> 22
  const h = <u64>(q + ((-k * 1741647) >> 19) + 1)
  const g = table + (<usize>(-k - POWER_MIN) << 4)
  const high = load<u64>(g), low = load<u64>(g, 8)
  const odd = c & 1
  const middle = roundToOdd(high, low, (c << 2) << h)
  const lower = roundToOdd(high, low, ((c << 2) - (isNarrow ? 1 : 2)) << h) + odd
  const upper = roundToOdd(high, low, ((c << 2) + 2) << h) - odd
  const s = middle >> 2
  if (s >= 10) {
    const shorter = s / 10
    const belowIn = lower <= 40 * shorter
    const aboveIn = 40 * shorter + 40 <= upper
    if (belowIn != aboveIn) return writeDecimal(table, out, shorter + <u64>aboveIn, k + 1)
  }
  const belowIn = lower <= s << 2
  const aboveIn = (s << 2) + 4 <= upper
  if (belowIn != aboveIn) return writeDecimal(table, out, s + <u64>aboveIn, k)
  const tie = (s << 2) + 2
  const up = middle > tie || (middle == tie && (s & 1) == 1)
  return writeDecimal(table, out, s + <u64>up, k)
}

/** Writes a double; needs room for 32 bytes. @returns the address behind it */
export function writeDouble(table: usize, out: usize, value: f64): usize {
  const bits = reinterpret<u64>(value)
  if (value != value) {
    store<u16>(out, 0x614e)
    store<u8>(out + 2, 0x4e)
    return out + 3
  }
  const size = abs(value)
  if (size == Infinity) {
    store<u32>(out, value < 0 ? 0x666e492d : 0x666e492b)
    return out + 4
  }
  if (<i64>bits < 0) store<u8>(out++, 45)
  if (size < 9007199254740992 && floor(size) == size) return writeWhole(table, out, <u64>size)
  return writePositive(table, out, bits & 0x7fffffffffffffff)
}
