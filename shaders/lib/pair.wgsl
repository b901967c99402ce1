// The two remainders of a word of residues.wgsl, word = first + 2048 second with |first| <= 1023: whole numbers below 2^22 and
// multiples of 2^-11 below 2^11 throughout, so that nothing is rounded in any order of operations.
fn secondRow(word: vec4f) -> vec4f {
  return floor(word * 0x1p-11 + 0.5);
}

fn firstRow(word: vec4f) -> vec4f {
  return word - 2048.0 * secondRow(word);
}
