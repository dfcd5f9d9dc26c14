import { quote } from '@promontory/model'

export type BinaryOperator =
  | '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
  | '==' | '!=' | '<=' | '<' | '>=' | '>' | '</' | '>/'
  | 'and' | 'or' | 'unless' // prettier-ignore

export type AggregateOperator =
  | 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar'
  | 'topk' | 'bottomk' | 'count_values' | 'quantile' | 'limitk' | 'limit_ratio' // prettier-ignore

type Keyword =
  | 'offset' | 'smoothed' | 'anchored' | 'by' | 'without' | 'on' | 'ignoring'
  | 'group_left' | 'group_right' | 'fill' | 'fill_left' | 'fill_right' | 'bool' // prettier-ignore

/** Names that are functions in an expression and operands in a duration. */
export type Preprocessor = 'start' | 'end' | 'step' | 'range' | 'max_of' | 'min_of'

type Punctuation = '(' | ')' | '{' | '}' | '[' | ']' | ',' | '=' | ':' | '=~' | '!~' | '@'

export type TokenKind =
  | BinaryOperator
  | AggregateOperator
  | Keyword
  | Preprocessor
  | Punctuation
  | 'EOF'
  | 'ERROR'
  | 'COMMENT'
  | 'IDENTIFIER'
  | 'METRIC_IDENTIFIER'
  | 'NUMBER'
  | 'DURATION'
  | 'STRING'

export interface Token {
  readonly kind: TokenKind
  /** The text as written; for ERROR the message. */
  readonly text: string
  /** In UTF-8 bytes. For ERROR from the start of the offending token to the end of the query. */
  readonly start: number
  readonly end: number
}

export const AGGREGATORS: ReadonlySet<string> = new Set<AggregateOperator>([
  'sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar',
  'topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio',
]) // prettier-ignore
export const AGGREGATORS_WITH_PARAM: ReadonlySet<string> = new Set<AggregateOperator>([
  'topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio',
]) // prettier-ignore
export const COMPARISONS: ReadonlySet<string> = new Set<BinaryOperator>(['==', '!=', '<=', '<', '>=', '>'])
export const SET_OPERATORS: ReadonlySet<string> = new Set<BinaryOperator>(['and', 'or', 'unless'])
export const PREPROCESSORS: ReadonlySet<string> = new Set<Preprocessor>([
  'start', 'end', 'step', 'range', 'max_of', 'min_of',
]) // prettier-ignore
const KEYWORDS: ReadonlySet<string> = new Set<Keyword>([
  'offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring',
  'group_left', 'group_right', 'fill', 'fill_left', 'fill_right', 'bool',
]) // prettier-ignore
const WORD_OPERATORS: ReadonlySet<string> = new Set<BinaryOperator>(['and', 'or', 'unless', 'atan2'])

/** Binding strength of the binary operators; `^` alone binds to the right. */
export const PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2, unless: 2,
  '==': 3, '>=': 3, '>': 3, '<': 3, '<=': 3, '!=': 3, '</': 3, '>/': 3,
  '+': 4, '-': 4,
  '*': 5, '/': 5, '%': 5, atan2: 5,
  '^': 6,
} // prettier-ignore
/** A sign binds like multiplication: `-a^b` is `-(a^b)`. */
export const UNARY_PRECEDENCE = 5

export function isBinaryOperator(kind: TokenKind): kind is BinaryOperator {
  return Object.hasOwn(PRECEDENCE, kind)
}

/** The kind of a word outside braces, keywords in any case; undefined for a plain identifier. */
export function wordKind(word: string): TokenKind | undefined {
  const lower = word.toLowerCase()
  if (lower === 'inf' || lower === 'nan') return 'NUMBER'
  if (AGGREGATORS.has(lower) || KEYWORDS.has(lower) || PREPROCESSORS.has(lower) || WORD_OPERATORS.has(lower))
    return lower as TokenKind
  return undefined
}

/** Kinds that may be a metric name where an expression starts. */
export function isMetricName(kind: TokenKind): boolean {
  if (kind === 'IDENTIFIER' || kind === 'METRIC_IDENTIFIER') return true
  if (AGGREGATORS.has(kind) || PREPROCESSORS.has(kind)) return true
  return METRIC_NAME_KEYWORDS.has(kind)
}
const METRIC_NAME_KEYWORDS: ReadonlySet<string> = new Set([
  'by', 'without', 'fill', 'fill_left', 'fill_right', 'and', 'or', 'unless', 'offset', 'anchored', 'smoothed',
]) // prettier-ignore

/** Kinds that may be a label name in `by (…)`, `on (…)` and their like. */
export function isLabelName(kind: TokenKind): boolean {
  if (kind === 'without') return false
  return isMetricName(kind) || KEYWORDS.has(kind) || kind === 'atan2'
}

const DESCRIBED: Partial<Record<TokenKind, string>> = {
  IDENTIFIER: 'identifier',
  METRIC_IDENTIFIER: 'metric identifier',
  STRING: 'string',
  NUMBER: 'number',
  DURATION: 'duration',
  COMMENT: 'comment',
}

/** The token in the words of Prometheus's syntax errors. */
export function describeToken(token: Token): string {
  if (token.kind === 'EOF') return 'end of input'
  const described = DESCRIBED[token.kind]
  const shown = showToken(token)
  return described === undefined ? shown : `${described} ${shown}`
}

function showToken({ kind, text }: Token): string {
  if (kind === 'IDENTIFIER' || kind === 'METRIC_IDENTIFIER') return quote(text)
  if (KEYWORDS.has(kind)) return `<${text}>`
  if (isBinaryOperator(kind) || kind === '=~' || kind === '!~' || kind === '@') return `<op:${text}>`
  if (AGGREGATORS.has(kind)) return `<aggr:${text}>`
  if (text.length > 10) return `${quote([...text].slice(0, 10).join(''))}...`
  return quote(text)
}
