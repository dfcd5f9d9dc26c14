/** Set operations on ascending, distinct references. */

export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(Math.min(a.length, b.length))
  let count = 0
  for (let i = 0, k = 0; i < a.length && k < b.length;) {
    const x = a[i]!
    const y = b[k]!
    if (x === y) {
      out[count++] = x
      i++
      k++
    } else if (x < y) i++
    else k++
  }
  return out.subarray(0, count)
}

/** Whether anything is in both. */
export function overlap(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0, k = 0; i < a.length && k < b.length;) {
    const x = a[i]!
    const y = b[k]!
    if (x === y) return true
    if (x < y) i++
    else k++
  }
  return false
}

/** What is in `a` and not in `b`. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (b.length === 0) return a
  const out = new Uint32Array(a.length)
  let count = 0
  for (let i = 0, k = 0; i < a.length; i++) {
    const x = a[i]!
    while (k < b.length && b[k]! < x) k++
    if (k === b.length || b[k] !== x) out[count++] = x
  }
  return out.subarray(0, count)
}

export function union(lists: readonly Uint32Array[]): Uint32Array {
  if (lists.length === 0) return new Uint32Array(0)
  if (lists.length === 1) return lists[0]!
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  all.sort()
  let count = 0
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i]!
  return all.subarray(0, count)
}
