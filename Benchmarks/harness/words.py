"""What is looked for. `Sample.swift` makes the texts that these stand in."""

# One record in some tens has each of these.
MANY = ["Hamburg", "roof", "ogistics", "racks", "achine", "Riga", "olar", "Brothers", "panels", "amper"]
# One in some hundreds or thousands.
SOME = ["anna.kowalski", "oskar.ber", "quentin.wesmann", "lucia.lind", "frida.falstrom", "ursula.al", "zdenka.stenetti", "goran.kowger"]
# Each piece of these is common, and no record has the whole.
NONE = ["rigacork", "hamburgoslo", "kowalskiette", "solarroof", "bergerette", "forkvist", "panelsfor", "annaberg."]
# Too short for an index of three letters: found where a word begins; the last two nowhere.
SHORT = ["Be", "Ko", "Ro", "An", "Qx", "Zz"]


def rare(size, count=20):
    """Numbers of addresses: one record has each."""
    return [f".{number * (size // count)}@" for number in range(1, count)]
