import type { VectorMatching } from './ast.ts'
import { parseNumberLiteral } from './parse-number-literal.ts'
import { unquote } from './parse-selector.ts'
import type { ParserState } from './parser-state.ts'
import { isLabelName } from './token.ts'

const CONTEXT = 'grouping opts'

/** `(a, b, "c.d",)` behind `by`, `without`, `on`, `ignoring`, `group_left`, `group_right`. */
export function parseLabelList(state: ParserState): string[] {
  if (!state.at('(')) state.unexpected(CONTEXT, '"("')
  state.take()
  const labels: string[] = []
  if (state.accept(')') !== undefined) return labels
  for (;;) {
    labels.push(parseLabelName(state))
    if (state.accept(')') !== undefined) return labels
    if (state.accept(',') === undefined) state.unexpected(CONTEXT, '"," or ")"')
    if (state.accept(')') !== undefined) return labels
  }
}

function parseLabelName(state: ParserState): string {
  const token = state.peek()
  if (token.kind !== 'STRING' && !isLabelName(token.kind)) state.unexpected(CONTEXT, 'label')
  state.take()
  const name = token.kind === 'STRING' ? unquote(state, token) : token.text
  if (name === '') state.fault(token, 'invalid label name for grouping: ""')
  return name
}

/** `by (…)` or `without (…)`. */
export function parseGrouping(state: ParserState): { grouping: string[]; without: boolean } {
  const without = state.take().kind === 'without'
  return { grouping: parseLabelList(state), without }
}

/** What stands between a binary operator and its right side. */
export interface BinaryModifiers {
  readonly returnBool: boolean
  readonly matching: VectorMatching
}

export function parseBinaryModifiers(state: ParserState): BinaryModifiers {
  const returnBool = state.accept('bool') !== undefined
  const matching: { -readonly [K in keyof VectorMatching]: VectorMatching[K] } = {
    card: 'one-to-one',
    labels: [],
    on: false,
    include: [],
    fillLeft: undefined,
    fillRight: undefined,
  }
  if (state.at('on') || state.at('ignoring')) {
    matching.on = state.take().kind === 'on'
    matching.labels = parseLabelList(state)
    if (state.at('group_left') || state.at('group_right')) {
      matching.card = state.take().kind === 'group_left' ? 'many-to-one' : 'one-to-many'
      if (state.at('(')) matching.include = parseLabelList(state)
    }
  }
  if (state.accept('fill') !== undefined) {
    matching.fillLeft = matching.fillRight = parseFillValue(state)
  } else if (state.accept('fill_left') !== undefined) {
    matching.fillLeft = parseFillValue(state)
    if (state.accept('fill_right') !== undefined) matching.fillRight = parseFillValue(state)
  } else if (state.accept('fill_right') !== undefined) {
    matching.fillRight = parseFillValue(state)
    if (state.accept('fill_left') !== undefined) matching.fillLeft = parseFillValue(state)
  }
  return { returnBool, matching }
}

function parseFillValue(state: ParserState): number {
  state.expect('(')
  const sign = state.accept('+') ?? state.accept('-')
  if (!state.at('NUMBER') && !state.at('DURATION')) state.unexpected()
  const { value } = parseNumberLiteral(state)
  state.expect(')')
  return sign?.kind === '-' ? -value : value
}
