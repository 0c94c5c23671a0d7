from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "practice.records"
    label = "records"
