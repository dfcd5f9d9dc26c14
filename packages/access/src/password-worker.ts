import { parentPort } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'

/*
 * Thread entry: one bcrypt hash takes some 50 to 400 ms of a processor, which the main thread has not got.
 */

/** What the thread is asked: a hash of a password, or whether one fits a hash. */
export type ToPasswordWorker =
  | { readonly id: number; readonly password: string; readonly cost: number }
  | { readonly id: number; readonly password: string; readonly hash: string }

/** Its answer. */
export type FromPasswordWorker =
  | { readonly id: number; readonly hash: string }
  | { readonly id: number; readonly fits: boolean }

parentPort!.on('message', (message: ToPasswordWorker) => {
  const answer: FromPasswordWorker =
    'hash' in message
      ? { id: message.id, fits: fits(message.password, message.hash) }
      : { id: message.id, hash: hashSync(message.password, message.cost) }
  parentPort!.postMessage(answer)
})

/** A text that is no bcrypt hash fits no password. */
function fits(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash)
  } catch {
    return false
  }
}
