import { describe, expect, test } from 'vitest'
import { BadRequest, Params, parseSeconds, parseTime } from './params.ts'

test.each([
  ['0', 0],
  ['1.5', 1500],
  ['1e3', 1_000_000],
  ['-1', -1000],
  ['2015-07-01T20:10:51.781Z', 1_435_781_451_781],
  ['2015-07-01T22:10:51+02:00', 1_435_781_451_000],
  ['', undefined],
  ['noon', undefined],
  ['2015-07-01', undefined],
  ['2015-99-01T20:10:51Z', undefined],
])('parseTime(%j) = %j', (text, timeMs) => expect(parseTime(text)).toBe(timeMs))

test.each([
  ['5m', 300_000],
  ['0.5', 500],
  ['1h30m', 5_400_000],
  ['5x', undefined],
])('parseSeconds(%j) = %j', (text, durationMs) => expect(parseSeconds(text)).toBe(durationMs))

describe('Params', () => {
  test('a form comes before the query string, as in Go', () => {
    const params = new Params('query=a&match[]=x', 'query=b&match[]=y')
    expect(params.get('query')).toBe('b')
    expect(params.all('match[]')).toEqual(['y', 'x'])
  })

  test.each([
    [
      () => new Params('time=noon').time('time', 0),
      'invalid parameter "time": invalid time value for \'time\': cannot parse "noon" to a valid timestamp',
    ],
    [
      () => new Params('start=noon').time('start', undefined),
      'invalid parameter "start": cannot parse "noon" to a valid timestamp',
    ],
    [
      () => new Params('step=x').duration('step'),
      'invalid parameter "step": cannot parse "x" to a valid duration',
    ],
    [() => new Params('limit=-1').limit(), 'invalid parameter "limit": limit must be non-negative'],
    [() => new Params('limit=few').limit(), 'invalid parameter "limit": cannot parse "few" to a valid limit'],
  ])('%s', (read, message) => {
    expect(read).toThrow(BadRequest)
    expect(read).toThrow(message)
  })

  test('what is absent', () => {
    const params = new Params('')
    expect(params.time('time', 7)).toBe(7)
    expect(params.duration('timeout')).toBeUndefined()
    expect(params.limit()).toBe(0)
  })
})
