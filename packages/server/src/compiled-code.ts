import { flushCompileCache } from 'node:module'

/**
 * Keeps the code that this thread has compiled in the directory that `NODE_COMPILE_CACHE` names, once it has had time to compile what it mostly uses. Node does
 * so by itself at an orderly exit of the process only: a server that is killed, as most are, would compile everything anew at its next start. What is
 * kept already is not written again.
 */
export function keepCompiledCode(afterMs: number): void {
  setTimeout(() => flushCompileCache(), afterMs).unref()
}
