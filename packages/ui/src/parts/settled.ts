import { useEffect, useState } from 'react'

/** Long enough for the next key to be pressed. */
const PAUSE_MS = 250

/** A value that somebody types, once they pause: what it asks for is not asked at every key. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
