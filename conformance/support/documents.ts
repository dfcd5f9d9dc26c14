import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SHARED } from './program.ts'

/** A fenced snippet of one of the user's documents. */
export interface Snippet {
  /** Number of the document, from 0. */
  readonly document: number
  readonly language: string
  readonly text: string
}

const folder = join(SHARED, 'spec')

export const hasDocuments: boolean = existsSync(folder)

export function snippets(): Snippet[] {
  if (!hasDocuments) return []
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
  return files.flatMap((name, document) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].flatMap((match) =>
      // A comment that names a file starts a file of its own.
      match[2]!
        .split(/^(?=# (?:\S+\/)?alertmanager\.yml)/m)
        .map((part) => ({ document, language: match[1]!, text: part })),
    )
  })
}

/** Every PromQL expression that the documents print: PromQL blocks, `expr:` in YAML, `"expr":` in JSON. */
export function printedExpressions(): string[] {
  const found = new Set<string>()
  for (const { language, text } of snippets()) {
    if (language === 'promql') for (const expr of splitBlock(text)) found.add(expr)
    for (const match of text.matchAll(/^\s*expr:\s*(.+)$/gm)) found.add(match[1]!.trim())
    for (const match of text.matchAll(/"expr":\s*("(?:[^"\\]|\\.)*")/g))
      found.add(JSON.parse(match[1]!) as string)
    for (const match of text.matchAll(/[?&]query=(\S+)/g)) found.add(decodeURIComponent(match[1]!))
  }
  return [...found]
}

/** A blank line or a comment ends an expression, unless it ends in an operator. */
function splitBlock(text: string): string[] {
  const parts: string[] = []
  let current = ''
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) {
      if (current !== '' && !/[/*+-]\s*$/.test(current)) {
        parts.push(current.trim())
        current = ''
      }
    } else current += `${line}\n`
  }
  if (current.trim() !== '') parts.push(current.trim())
  return parts
}
