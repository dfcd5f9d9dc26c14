import { quote } from '@promontory/model'

/** The syntax tree of a template. `pos` is a UTF-16 index into the parsed text. */
export type Node =
  | ListNode
  | TextNode
  | ActionNode
  | BranchNode
  | TemplateNode
  | LoopControlNode
  | Operand
  | PipeNode
  | CommandNode

export interface ListNode {
  readonly kind: 'list'
  readonly pos: number
  readonly nodes: Node[]
}

export interface TextNode {
  readonly kind: 'text'
  readonly pos: number
  readonly text: string
}

export interface ActionNode {
  readonly kind: 'action'
  readonly pos: number
  readonly pipe: PipeNode
}

export interface BranchNode {
  readonly kind: 'if' | 'range' | 'with'
  readonly pos: number
  readonly pipe: PipeNode
  readonly list: ListNode
  readonly elseList: ListNode | undefined
}

export interface TemplateNode {
  readonly kind: 'template'
  readonly pos: number
  readonly name: string
  readonly pipe: PipeNode | undefined
}

export interface LoopControlNode {
  readonly kind: 'break' | 'continue'
  readonly pos: number
}

export interface PipeNode {
  readonly kind: 'pipe'
  readonly pos: number
  readonly declarations: readonly VariableNode[]
  readonly isAssign: boolean
  readonly commands: readonly CommandNode[]
}

export interface CommandNode {
  readonly kind: 'command'
  readonly pos: number
  readonly args: readonly (Operand | PipeNode)[]
}

export interface VariableNode {
  readonly kind: 'variable'
  readonly pos: number
  /** The name with its `$`, then fields. */
  readonly idents: readonly string[]
}

export interface NumberNode {
  readonly kind: 'number'
  readonly pos: number
  readonly text: string
  /** Set when the constant is (or can be) an integer. */
  readonly int: bigint | undefined
  readonly float: number | undefined
  /** Go makes an int of an untyped constant unless it is written as a float. */
  readonly isFloatLiteral: boolean
}

export type Operand =
  | { readonly kind: 'field'; readonly pos: number; readonly idents: readonly string[] }
  | VariableNode
  | {
      readonly kind: 'chain'
      readonly pos: number
      readonly node: Operand | PipeNode
      readonly fields: readonly string[]
    }
  | { readonly kind: 'identifier'; readonly pos: number; readonly ident: string }
  | { readonly kind: 'dot' | 'nil'; readonly pos: number }
  | { readonly kind: 'bool'; readonly pos: number; readonly value: boolean }
  | NumberNode
  | { readonly kind: 'string'; readonly pos: number; readonly quoted: string; readonly text: string }

/** The node as template source, in Go's normal form; error texts quote it. */
export function formatNode(node: Node): string {
  switch (node.kind) {
    case 'list':
      return node.nodes.map(formatNode).join('')
    case 'text':
      return node.text
    case 'action':
      return `{{${formatNode(node.pipe)}}}`
    case 'if':
    case 'range':
    case 'with': {
      const rest = node.elseList === undefined ? '' : `{{else}}${formatNode(node.elseList)}`
      return `{{${node.kind} ${formatNode(node.pipe)}}}${formatNode(node.list)}${rest}{{end}}`
    }
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${formatNode(node.pipe)}`}}}`
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    default:
      return formatExpression(node)
  }
}

function formatExpression(node: Operand | PipeNode | CommandNode): string {
  switch (node.kind) {
    case 'pipe': {
      const names = node.declarations.map(formatNode).join(', ')
      const head = names === '' ? '' : `${names} ${node.isAssign ? '=' : ':='} `
      return head + node.commands.map(formatNode).join(' | ')
    }
    case 'command':
      return node.args.map(formatArgument).join(' ')
    case 'field':
      return node.idents.map((ident) => `.${ident}`).join('')
    case 'variable':
      return node.idents.join('.')
    case 'chain': {
      const inner = node.node.kind === 'pipe' ? `(${formatNode(node.node)})` : formatNode(node.node)
      return inner + node.fields.map((field) => `.${field}`).join('')
    }
    case 'identifier':
      return node.ident
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return node.quoted
  }
}

function formatArgument(node: Operand | PipeNode): string {
  return node.kind === 'pipe' ? `(${formatNode(node)})` : formatNode(node)
}
