"""What the people of the demo are called; whose work has ended, and why."""

from relationships.models.choices import EndReason

HANNAHS_ACTIVE = [
    "Amara Bello",
    "Anneliese Groß",
    "Callum Reid",
    "Chidi Eze",
    "Dolores Ibáñez",
    "Eilidh MacLeod",
    "Farah Siddiqui",
    "François L’Écuyer",
    "Grace Mbeki-Jones",
    "Hugo Sørensen",
    "Imogen St John",
    "Kwame Asante",
    "Łukasz Dąbrowski",
    "Niamh O’Sullivan",
    "Oluwaseun Adeleke",
    "Priya Raghunathan",
    "Rosa de la Cruz",
    "Tomasz Wójcik",
    "Zoë Hartmann",
    "Олена Коваль",
    "李美玲",
]
HANNAHS_INACTIVE = [
    ("Beatrice Nnamdi", EndReason.COMPLETED),
    ("Bram van den Berg", EndReason.AGREED_LIMIT),
    ("Dara Ó Briain-Walsh", EndReason.LOST_CONTACT),
    ("Esther Kimani", EndReason.COMPLETED),
    ("Gareth Pugh", EndReason.CIRCUMSTANCES),
    ("Ines Carvalho", EndReason.CLIENT_STOPPED),
    ("Malik Rahman", EndReason.REFERRED_ON),
    ("Nora Šimková", EndReason.COMPLETED),
    ("Percival D’Arcy", EndReason.NOT_A_FIT),
    ("Ruth Abramson", EndReason.DIED),
    ("Søren Kjær", EndReason.NO_SESSIONS),
]
BOBS_ACTIVE = [
    "Anja Vogel",
    "Cem Yıldız",
    "Dieter Krause",
    "Greta Lindemann",
    "Hannah Fuchs",
    "Jörg Müller",
    "Katarzyna Nowak",
    "Maya Brandt",
    "Yusuf Demir",
]
BOBS_INACTIVE = [
    ("Jürgen Weiß", EndReason.COMPLETED),
    ("Lea Schäfer", EndReason.LOST_CONTACT),
    ("Renate Vogt", EndReason.COMPLETED),
]

COLLEAGUES = [
    ("Ayesha Malik", "ayesha-malik"),
    ("Conor Byrne", "conor-byrne"),
    ("Signe Dahl", "signe-dahl"),
]
