"""The therapist writes their profile."""

from django import forms
from django.core.files.uploadedfile import UploadedFile

from practice.profiles.models import Profile
from practice.profiles.photo import portrait
from practice.text.fields import LineField, LinesField

FEES = ["fee_individual", "fee_couples", "fee_family", "fee_group"]
_FEE_ERRORS = {
    "invalid": "Enter a whole number of pounds",
    "min_value": "Enter a whole number of pounds",
    "max_value": "Enter 9,999 pounds or less",
}


class ProfileForm(forms.ModelForm):
    """Everything the public page says; a new photo replaces the old one."""

    use_required_attribute = False

    class Meta:
        model = Profile
        fields = ["is_published", "headline", "about", "specialities", "languages", *FEES]
        labels = {
            "headline": "Headline (optional)",
            "about": "About you (optional)",
            "specialities": "Specialities (optional)",
            "languages": "Languages (optional)",
        }
        help_texts = {
            "headline": "For example: Integrative counsellor, London and online",
            "specialities": "Separated by commas",
        }
        field_classes = {"about": LinesField} | dict.fromkeys(
            ["headline", "specialities", "languages"], LineField
        )
        error_messages = dict.fromkeys(FEES, _FEE_ERRORS)
        widgets = {"about": forms.Textarea({"rows": 8})} | dict.fromkeys(
            FEES, forms.NumberInput({"class": "w-short", "min": "0"})
        )

    new_photo = forms.FileField(
        label="Photo (optional)",
        required=False,
        help_text="JPEG, PNG or WebP, up to 5 MB. It is cropped to a square; where and when it was "
        "taken is removed.",
        widget=forms.FileInput({"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"empty": "Choose a photo in JPEG, PNG or WebP format"},
    )
    remove_photo = forms.BooleanField(label="Remove the photo", required=False)

    def clean_new_photo(self) -> bytes:
        upload: UploadedFile | None = self.cleaned_data["new_photo"]
        return portrait(upload.file, upload.size or 0) if upload and upload.file else b""

    def save(self, commit: bool = True) -> Profile:
        if self.cleaned_data["new_photo"]:
            self.instance.photo = self.cleaned_data["new_photo"]
        elif self.cleaned_data["remove_photo"]:
            self.instance.photo = b""
        # Of two clicks on a first save one makes the profile, and the other finds it.
        saved, _ = Profile.objects.get_or_create(therapist=self.instance.therapist)
        self.instance.pk = saved.pk
        return super().save(commit)
