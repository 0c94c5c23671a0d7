from django.apps import AppConfig


class CaseloadConfig(AppConfig):
    name = "relationships.caseload"
    label = "caseload"
