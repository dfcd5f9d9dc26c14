const DAY_SECONDS = 86_400
/** Days from 1 March of year 0 to 1 January 1970. */
const DAYS_TO_EPOCH = 719_468
/** Days of 400 years. */
const ERA_DAYS = 146_097

interface Civil {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** Days since 1 January 1970. */
  readonly days: number
}

/**
 * What Prometheus makes of times that no int64 holds, NaN among them: they become the smallest one, whose time wraps
 * around to the very end of 64-bit seconds, Sunday, 4 December 292277026596, 15:30:08.
 */
const BEYOND: Civil & { readonly seconds: number } = {
  year: 292_277_026_596,
  month: 12,
  day: 4,
  days: daysOf(292_277_026_596, 12, 4),
  seconds: daysOf(292_277_026_596, 12, 4) * DAY_SECONDS + 15 * 3600 + 30 * 60 + 8,
}

function isBeyond(seconds: number): boolean {
  return !(Math.abs(seconds) < 2 ** 63)
}

/** Functions of a Unix time in whole seconds, in UTC. */
export const DATE_PARTS: Readonly<Record<string, (seconds: number) => number>> = {
  minute: (seconds) => Math.floor(secondOfDay(seconds) / 60) % 60,
  hour: (seconds) => Math.floor(secondOfDay(seconds) / 3600),
  /** Sunday is 0. */
  day_of_week: (seconds) => modulo(civil(seconds).days + 4, 7),
  day_of_month: (seconds) => civil(seconds).day,
  day_of_year: (seconds) => {
    const { days, year } = civil(seconds)
    return days - daysOf(year, 1, 1) + 1
  },
  days_in_month: (seconds) => {
    const { year, month } = civil(seconds)
    const next = month === 12 ? daysOf(year + 1, 1, 1) : daysOf(year, month + 1, 1)
    return next - daysOf(year, month, 1)
  },
  month: (seconds) => civil(seconds).month,
  year: (seconds) => civil(seconds).year,
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by
}

function secondOfDay(seconds: number): number {
  return modulo(isBeyond(seconds) ? BEYOND.seconds % DAY_SECONDS : seconds % DAY_SECONDS, DAY_SECONDS)
}

/**
 * The day of a time in the Gregorian calendar, extended to all years: JavaScript's dates end in the year 275760.
 * Years are counted from March, so that the leap day is the last of a year.
 */
function civil(seconds: number): Civil {
  if (isBeyond(seconds)) return BEYOND
  const days = Math.floor(seconds / DAY_SECONDS)
  const fromMarch = days + DAYS_TO_EPOCH
  const era = Math.floor(fromMarch / ERA_DAYS)
  const dayOfEra = fromMarch - era * ERA_DAYS
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day, days }
}

/** Days from 1 January 1970 to a day. */
function daysOf(year: number, month: number, day: number): number {
  const fromMarch = month <= 2 ? year - 1 : year
  const era = Math.floor(fromMarch / 400)
  const yearOfEra = fromMarch - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * ERA_DAYS + dayOfEra - DAYS_TO_EPOCH
}
