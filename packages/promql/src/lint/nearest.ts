/** The candidate that is most like `word`: few changes of letters away, or with the same beginning; undefined if none is. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestScore = Infinity
  for (const candidate of candidates) {
    const score = distance(word, candidate, Math.min(bestScore, limitFor(word)))
    if (score < bestScore) {
      best = candidate
      bestScore = score
    }
  }
  if (best !== undefined && bestScore <= limitFor(word)) return best
  return byPrefix(word, candidates)
}

/** Changes up to which a word still looks like another. */
function limitFor(word: string): number {
  return Math.max(1, Math.floor(word.length / 4))
}

/** `status` for `status_code` and the other way round: one of them is the beginning of the other. */
function byPrefix(word: string, candidates: Iterable<string>): string | undefined {
  const similar = [...candidates].filter(
    (candidate) =>
      Math.min(word.length, candidate.length) >= 3 &&
      (candidate.startsWith(`${word}_`) || word.startsWith(`${candidate}_`)),
  )
  return similar.sort((a, b) => Math.abs(a.length - word.length) - Math.abs(b.length - word.length))[0]
}

/** Levenshtein's distance; `limit + 1` as soon as it is above `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change))
    }
    if (Math.min(...next) > limit) return limit + 1
    row = next
  }
  return row[b.length]!
}
