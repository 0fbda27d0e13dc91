/**
 * How encrypted values are shown: as a mask, encrypted, for who holds the key ring, or decrypted by the centre.
 */
export type Showing = 'masked' | 'sealed' | 'plain';
