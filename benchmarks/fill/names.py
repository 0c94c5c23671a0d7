"""What the people are called: some 40,000 names, folded as the product folds them."""

from functools import cache

from clients.models import Client

FIRST_NAMES = """
Aaron Abena Ada Adil Agnes Aino Aisha Alba Aleksandra Amara Amir Anaïs Anders Anouk Arthur Astrid
Ayo Beatrix Björn Callum Carys Chiara Chidi Clara Dafydd Dieter Edith Eilidh Elif Emre Ewan Farah
Fiadh Florin Freya Gareth Giulia Hana Hugo Imogen Ines Ivan Jonas Jürgen Kofi Kwame Leila Łukasz
Magda Malik Mei Niamh Noor Olga Owen Priya Rhys Rosa Ruth Siân Tariq Uma Viktor Wanda Yara Yusuf Zoë
"""
BEGINNINGS = """
Alder Ash Beck Birch Black Brook Cart Clay Cold Dun East Elm Fair Fen Gold Green Hart Hazel High
Kirk Lang Lark Marsh Mill Nor Oak Pen Red Rush Sand Stan Thorn Wake West White Wood
"""
ENDINGS = """
bourne by croft dale den field ford gate ham hurst ley more shaw ton well wick worth
"""
FIRST, BEGINS, ENDS = FIRST_NAMES.split(), BEGINNINGS.split(), ENDINGS.split()
NAMES = len(FIRST) * len(BEGINS) * len(ENDS)


@cache
def name(number: int) -> tuple[str, str, str]:
    """Return a name, and its columns `sort_name` and `search_text`."""
    number = number * 7_919 % NAMES  # neighbours are called differently
    number, first = divmod(number, len(FIRST))
    end, begin = divmod(number, len(BEGINS))
    whole = f"{FIRST[first]} {BEGINS[begin]}{ENDS[end % len(ENDS)]}"
    fields = Client._meta
    return (
        whole,
        fields.get_field("sort_name").made_of(whole),
        fields.get_field("search_text").made_of(whole, ""),
    )
