from django.apps import AppConfig


class DiaryConfig(AppConfig):
    name = "practice.diary"
    label = "diary"
