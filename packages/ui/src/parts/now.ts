import { useSyncExternalStore } from 'react'

/** One timer for all texts such as "12 s ago": they change together. */
const listeners = new Set<() => void>()
let nowMs = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const tell of listeners) tell()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function current(): number {
  // Without a timer nothing renews the time: take it afresh, in steps, so that two readings in a row agree.
  if (timer === undefined && Date.now() - nowMs > 1000) nowMs = Date.now()
  return nowMs
}

/** The present in milliseconds, renewed every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, current)
}
