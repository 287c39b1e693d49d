"""Words of titles that differ by one typing error. Pure.

jurasic   jurassic     a letter is missing
terminater terminator  another letter
hte       the          two letters changed places
"""

SHORTEST = 4
"""Words with fewer letters are not corrected: too many others are one letter away."""


def halves(word: str) -> tuple[str, str]:
    """Return the first and the last half: one error leaves at least one of the two as it is."""
    middle = len(word) // 2
    return word[:middle], word[len(word) - middle :]


def is_one_error_away(one: str, other: str) -> bool:
    """Whether one letter too many, too few, or another, or two that changed places, make the difference."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(left), len(right)) == 1 or (len(left) == len(right) == 2 and left == right[::-1])
