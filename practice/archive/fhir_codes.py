"""What FHIR R4 (HL7 4.0.1) requires of the resources in an archive."""


def codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


EPISODE_STATUS = codes("planned waitlist active onhold finished cancelled entered-in-error")
APPOINTMENT_STATUS = codes(
    "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in "
    "waitlist"
)
USE_OF_A_NAME = codes("usual official temp nickname anonymous old maiden")
# The required bindings that occur in our resources: path and codes.
BINDINGS: dict[str, dict[str, frozenset[str]]] = {
    "Patient": {
        "gender": codes("male female other unknown"),
        "name.use": USE_OF_A_NAME,
        "telecom.system": codes("phone fax email pager url sms other"),
        "telecom.use": codes("home work temp old mobile"),
    },
    "Practitioner": {"name.use": USE_OF_A_NAME},
    "EpisodeOfCare": {"status": EPISODE_STATUS, "statusHistory.status": EPISODE_STATUS},
    "Appointment": {
        "status": APPOINTMENT_STATUS,
        "participant.status": codes("accepted declined tentative needs-action"),
        "participant.required": codes("required optional information-only"),
    },
}
REQUIRED = {
    "Patient": (),
    "Practitioner": (),
    "EpisodeOfCare": ("status", "patient", "statusHistory.status", "statusHistory.period"),
    "Appointment": ("status", "participant", "participant.status"),
}
# Of each element that refers to another resource: which kinds that may be.
REFERENCES = {
    "EpisodeOfCare": {"patient": "Patient", "careManager": "Practitioner"},
    "Appointment": {
        "participant.actor": "Patient Practitioner",
        "supportingInformation": "EpisodeOfCare",
    },
}
