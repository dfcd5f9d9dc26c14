const DAY_SECONDS = 86_400

/** Functions of a Unix time in whole seconds, in UTC; NaN beyond the years that JavaScript's dates reach. */
export const DATE_PARTS: Readonly<Record<string, (seconds: number) => number>> = {
  minute: (seconds) => at(seconds).getUTCMinutes(),
  hour: (seconds) => at(seconds).getUTCHours(),
  /** Sunday is 0. */
  day_of_week: (seconds) => at(seconds).getUTCDay(),
  day_of_month: (seconds) => at(seconds).getUTCDate(),
  day_of_year: (seconds) => {
    const date = at(seconds)
    const newYear = Date.UTC(date.getUTCFullYear(), 0, 1) / 1000
    return Math.floor((seconds - newYear) / DAY_SECONDS) + 1
  },
  days_in_month: (seconds) => {
    const date = at(seconds)
    return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  },
  month: (seconds) => at(seconds).getUTCMonth() + 1,
  year: (seconds) => at(seconds).getUTCFullYear(),
}

function at(seconds: number): Date {
  return new Date(seconds * 1000)
}
