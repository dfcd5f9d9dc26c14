import type { BinaryExpr } from '../../parser/ast.ts'
import type { Annotations } from '../annotations.ts'
import type { Note } from './operator.ts'

/** Of the notes at one step only the last is reported, as Prometheus does. */
export class StepNotes {
  readonly #last: (Note | undefined)[] = []

  set(step: number, note: Note): void {
    this.#last[step] = note
  }

  report(expr: BinaryExpr, annotations: Annotations): void {
    for (const note of this.#last) if (note !== undefined) report(note, expr, annotations)
  }
}

function report(note: Note, { op, position }: BinaryExpr, annotations: Annotations): void {
  switch (note.type) {
    case 'incompatibleTypes':
      annotations.incompatibleTypes(note.left, op, note.right, position)
      break
    case 'incompatibleBuckets':
      annotations.incompatibleBucketLayout(op, position)
      break
    case 'resetCollision':
      annotations.counterResetCollision(note.operation, position)
      break
    case 'boundsReconciled':
      annotations.boundsReconciled(note.operation, position)
      break
  }
}
