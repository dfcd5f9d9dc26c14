import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts passwords of data sources before they are stored: AES-256-GCM, so that a changed text is noticed. */
export class SecretBox {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  /** From a text that several instances share. */
  static fromText(text: string): SecretBox {
    return new SecretBox(createHash('sha256').update('promontory state secrets\0').update(text).digest())
  }

  /** From a file with 32 random bytes, readable by its owner only, made when it is not there. */
  static fromFile(file: string): SecretBox {
    mkdirSync(dirname(file), { recursive: true })
    try {
      writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const key = readFileSync(file)
    if (key.length !== 32) throw new Error(`${file} has ${key.length} bytes, expected a key of 32`)
    return new SecretBox(key)
  }

  seal(text: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** @throws Error when the key is another one or the text was changed */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
        decipher.final(),
      ]).toString()
    } catch (error) {
      throw new Error('a stored secret cannot be read: the key is not the one that it was stored with', {
        cause: error,
      })
    }
  }
}
