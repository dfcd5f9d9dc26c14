import type { Envelope, LintAnswer } from '@promontory/api'
import { lintQuery } from '@promontory/promql/lint'
import { ParseError } from '@promontory/promql/parser'
import { findingText } from '../rule-lint.ts'

/**
 * Looks for mistakes in an expression; with a server also for metrics, labels and values that it does not have.
 * @returns exit code: 1 when it does not parse or the server cannot tell, 3 for findings
 */
export async function checkQuery(expr: string, server: string | undefined): Promise<number> {
  let findings: string[]
  try {
    findings =
      server === undefined ? lintQuery(expr).map(findingText) : (await lintAt(server, expr)).map(answerText)
  } catch (error) {
    const mend = error instanceof ParseError ? error.mend : undefined
    process.stderr.write(
      `${(error as Error).message}${mend === undefined ? '' : `; ${mend.explanation}: ${mend.text}`}\n`,
    )
    return 1
  }
  for (const finding of findings) process.stdout.write(`WARNING: ${finding}\n`)
  if (findings.length === 0) process.stdout.write('SUCCESS: nothing found\n')
  return findings.length === 0 ? 0 : 3
}

/** Findings of a server that knows metrics, labels and values. @throws Error when it cannot tell */
export async function lintAt(server: string, expr: string, alert = false): Promise<LintAnswer['findings']> {
  const response = await fetch(`${server.replace(/\/+$/, '')}/api/v1/lint`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr, ...(alert ? { alert: '1' } : {}) }),
  })
  const text = await response.text()
  let envelope: Envelope<LintAnswer>
  try {
    envelope = JSON.parse(text) as Envelope<LintAnswer>
  } catch {
    throw new Error(`${server} answered ${response.status} without JSON: ${text.slice(0, 200)}`)
  }
  if (envelope.status === 'error') throw new Error(envelope.error)
  return envelope.data.findings
}

export function answerText({ rule, message, mend }: LintAnswer['findings'][number]): string {
  return `[${rule}] ${message}${mend === undefined ? '' : `; ${mend.explanation}: ${mend.expr}`}`
}
