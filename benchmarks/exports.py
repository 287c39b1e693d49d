"""Made-up exports of any size: no title in them exists."""

import random
from pathlib import Path

HEADER = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),"
    "Year,Genres,Num Votes,Release Date,Directors"
)
ALL_TYPES = [*["Movie"] * 6, *["TV Series"] * 2, *["TV Episode"] * 3, "TV Mini Series", "Short", "Video"]
WORDS = ["The", "of", "Night", "Dark", "Return", "King", "Summer", "House", "Große", "Liebe", "東京", "город"]


def write_export(path: Path, rows: int, *, only_movies: bool = False) -> Path:
    """Write an export with a different title in each row."""
    chance = random.Random(1)
    types = ["Movie"] if only_movies else ALL_TYPES
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for number in range(rows):
            tt = f"tt{90_000_000 + number * 7}"  # beyond any title that a catalogue knows
            title = " ".join(chance.choices(WORDS, k=chance.randint(1, 5)))
            year = chance.randint(1920, 2009)
            rated = f"{chance.randint(2010, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            file.write(
                f'{tt},{chance.randint(1, 10)},{rated},"{title}","{title}",https://www.imdb.com/title/{tt},'
                f"{chance.choice(types)},{chance.randint(10, 99) / 10},{chance.randint(20, 200)},{year},"
                f'"Drama, Comedy",{chance.randint(5, 900_000)},"{year}-05-01","Some {title}"\n'
            )
    return path


def write_dump(path: Path, rows: int) -> Path:
    """Write the ratings of many users in any order: some have many, one has a 44th of all."""
    chance = random.Random(1)
    users = rows // 160
    with path.open("w", encoding="utf-8") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for _ in range(rows):
            user = 7 if chance.random() < 1 / 44 else int(users * chance.random() ** 2)
            rated_at = 1_100_000_000 + chance.randint(0, 400_000_000)
            file.write(f"{user},{chance.randint(1, 80_000)},{chance.randint(1, 10) / 2},{rated_at}\n")
    return path
