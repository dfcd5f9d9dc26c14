import type { ReactNode } from 'react'
import { ago, dateTime } from '../data/format.ts'
import { useNow } from './now.ts'

/** `12 s ago`, counting on by itself; the time itself on pointing at it. `at` in RFC 3339. */
export function Ago({ at }: { at: string }): ReactNode {
  const text = ago(at, useNow())
  return text === 'never' ? (
    text
  ) : (
    <time dateTime={at} title={dateTime(Date.parse(at))}>
      {text}
    </time>
  )
}
