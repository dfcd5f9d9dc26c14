import type { Scanner } from './scanner.ts'
import { END, isAlphaNumeric } from './scanner.ts'

const DECIMAL = '0123456789'
const HEXADECIMAL = '0123456789abcdefABCDEF'

/**
 * Takes a number: decimal, hexadecimal, octal or float, with `_` between digits. What was taken is not necessarily
 * valid (see `parseNumber`).
 * @returns false when it cannot be a number; the scanner then stands behind what was tried, which the error quotes
 */
export function scanNumber(scanner: Scanner): boolean {
  let digits = DECIMAL
  const from = scanner.position
  if (scanner.accept('0') && scanner.accept('xX')) {
    scanner.accept('_')
    digits = HEXADECIMAL
  }
  scanner.accept('.')
  scanner.accept(digits)
  let sawDot = false
  let sawExponent = false
  while (scanner.is(`${digits}._eE`)) {
    if (sawDot && scanner.accept('.')) return false
    if (sawExponent && scanner.accept('eE')) return false
    if (scanner.accept('.')) {
      sawDot = true
      // A dot must be followed by a digit or the end, and hexadecimals have none.
      if (scanner.accept('_.') || digits === HEXADECIMAL) return false
    } else if (scanner.accept('eE')) {
      sawExponent = true
      scanner.accept('+-')
      if (scanner.accept('._eE') || scanner.peek() === END) return false
    } else if (scanner.accept('_')) {
      if (scanner.accept('._eE') || scanner.peek() === END) return false
    } else scanner.acceptRun(digits)
  }
  return scanner.position > from && !isAlphaNumeric(scanner.peek())
}

/**
 * Takes the rest of a duration such as `5m30s`, of which `scanNumber` has taken the first digits. Wrong units like
 * `hs` and a wrong order are found when the duration is parsed.
 */
export function scanDurationRest(scanner: Scanner): boolean {
  if (!scanner.accept('smhdwy')) return false
  scanner.accept('s')
  while (scanner.accept(DECIMAL)) {
    scanner.acceptRun(DECIMAL)
    if (!scanner.accept('smhdw')) return false
    scanner.accept('s')
  }
  if (!isAlphaNumeric(scanner.peek())) return true
  // The error shows the first character that is too much.
  scanner.next()
  return false
}
