"""What is done to a good file or answer: bytes are flipped, cut, doubled, and words put between them."""

from random import Random

WORDS = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b'"', b"'", b",", b";", b"\t", b"<", b"&q;", b"]]>"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"NaN", b"-1", b"1e999", b"\\ud800", b"\xed\xa0\x80", b"=1+1"),
    *(b"9" * 5_000, b"[" * 2_000, b"x" * 70_000, b"~nobody", b"\x1b]0;x\x07", "\u202e".encode(), b"%s{0}"),
)


def damage(random: Random, content: bytes) -> bytes:
    """Do one to five things to it."""
    found = bytearray(content)
    for _ in range(random.randint(1, 5)):
        start = random.randrange(len(found) + 1)
        end = min(len(found), start + random.choice((1, 1, 2, 8, 64, 512)))
        match random.randrange(6):
            case 0 if found:
                found[min(start, len(found) - 1)] ^= 1 << random.randrange(8)
            case 1:
                del found[start:end]
            case 2:
                found[start:start] = found[start:end]
            case 3:
                found[start:end] = random.randbytes(end - start)
            case 4 if random.random() < 0.3:
                del found[start:]
            case _:
                found[start:start] = random.choice(WORDS)
    return bytes(found)
