"""Keep the upper half of each 32-bit number (bfloat16): half the bytes, nearly the same model."""

from pathlib import Path

path = Path("model.bin")
whole = path.read_bytes()
half = bytearray(len(whole) // 2)
half[0::2], half[1::2] = whole[2::4], whole[3::4]
path.write_bytes(half)
