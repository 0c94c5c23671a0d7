"""What columns are called in exports, and what they become. Sources: `docs/moving.md`.

Names are compared as `recognising.plain` has them: letters and digits alone.
"""

LEFT_OUT, KEPT = "left out", "kept"

# What a person has, and the names of such columns, best first.
PEOPLE = {
    "id": "patientguid clientid patientid patientnumber clientnumber contactid id sourcekey rowid "
    "uniqueid recordid clientreference",
    "name": "client clientname patientname fullname name patient contactname clientfullname "
    "displayname nombrecompleto nomcomplet naam nomecompleto imieinazwisko namn navn nimi",
    "first": "firstname givenname legalfirstname clientfirstname patientfirstname first forename "
    "prenom vorname nombre nome imie fornamn fornavn etunimi voornaam inviteefirstname "
    "christianname",
    "middle": "middlename additionalname middle middlenames",
    "last": "lastname familyname legallastname clientlastname patientlastname last surname nom "
    "nachname apellido apellidos nazwisko sobrenome apelido "
    "efternamn efternavn etternavn sukunimi cognome achternaam inviteelastname secondname",
    "preferred": "preferredname preferredfirstname nickname whatnamedotheygoby knownas "
    "goesby preferred chosenname",
    "title": "title nameprefix prefix salutation honorific anrede",
    "suffix": "namesuffix suffix",
    "email": "email emailaddress email1value clientemail patientemail primaryemail mail "
    "inviteeemail emailprimary courriel correoelectronico homeemail personalemail",
    "email_more": "email2value email3value email2address email3address secondaryemail otheremail",
    "phone": "mobilephone cellphone mobile cell phone1value phone phonenumber telephone tel "
    "primaryphone mobilenumber mobilephonenumber cellphonenumber clientphone patientphone "
    "portable handy telefon telefono telephonenumber phonenumbers mobilephone1",
    "phone_more": "homephone workphone otherphone phone2value phone3value businessphone "
    "homephone2 businessphone2 faxphone carphone",
    "born": "dateofbirth dob birthdate birthday birthdateofclient geburtsdatum datedenaissance "
    "fechadenacimiento geboortedatum datadinascita born dobddmmyyyy",
    "born_day": "dobday birthday dayofbirth dd",
    "born_month": "dobmonth birthmonth monthofbirth mm",
    "born_year": "dobyear birthyear yearofbirth yyyy",
    "status": "status clientstatus patientstatus activeinactive state recordstatus statut estado "
    "stato",
    "active": "active isactive",
    "archived": "archivedat archived archiveddate datearchived deactivatedat inactivesince",
    "discharged": "dischargedat dischargedate datedischarged closedat dateclosed enddate "
    "terminationdate ended endedat endedon dateended discharged discharge dischargedon "
    "dateofdischarge closed closedon terminated terminatedon",
    "died": "deceasedat deathdate dateofdeath deceased dod",
    "merged_away": "mergedat deletedat",
    "added": "dateadded createdat membersince firstvisit clientsince datecreated created "
    "joinedpractice startdate registrationdate firstseen intakedate dateofadmission",
    "last_visit": "lastvisit lastappointment lastseen lastsession lastvisitdate "
    "lastappointmentdate",
    "client_type": "clienttype relationshiptype typeofclient clientkind",
    "spouse": "spouse partner spousename partnername relatedname couplewith",
    "spouse_id": "spouseid partnerid",
    "work": "relationshipid",
    "do_not_contact": "donotcontact nocontact dnc optoutofcontact donotcall",
    "zone": "timezone inviteetimezone clienttimezone",
    "labels": "labels groupmembership categories tags",
    "clinician": "primaryclinician clinician therapist practitioner provider primarytherapist "
    "staffmember staffmembername calendar",
    KEPT: "notes note comments comment appointmentnotes medicalalert clientnotes",
}
# What a session has. A table with one of the first is one of sessions.
STARTS = (
    "dateofservice startat starttime startdatetime appointmentstartdatetime start "
    "appointmentstart starts startsat sessionstart startdateandtime appointmentstartdateandtime "
    "appointmentdatetime dateandtime datetime"
)
DAYS = "scheduleddate appointmentdate sessiondate date servicedate day dateofsession"
SESSIONS = {
    "work": "relationshipid",
    "in_figures": "infigures",
    "passed_on": "passedon",
    "complimentary": "complimentary",
    "session_id": "appointmentid id appointmentreference eventuuid appointmentnumber sessionid",
    "id": "patientguid clientid patientid patientnumber clientnumber patient",
    "name": "client clientname patientname fullname inviteename patient name",
    "first": PEOPLE["first"],
    "middle": PEOPLE["middle"],
    "last": PEOPLE["last"],
    "email": PEOPLE["email"],
    "phone": PEOPLE["phone"] + " textremindernumber",
    "start": STARTS,
    "day": DAYS,
    "time": "scheduledtime appointmenttime time starttimeofday sessiontime timeofday",
    "end": "endat endtime enddatetime appointmentenddatetime end ends endsat stop sessionend "
    "enddateandtime appointmentenddateandtime appointmentend finish",
    "minutes": "minutes duration treatmentduration durationminutes length durationinminutes "
    "appointmentlength durationmin lengthminutes",
    "state": "state status appointmentstatus attendance sessionstatus attendancestatus "
    "appointmentstate clientattendance",
    "cancelled": "canceled cancelled cancelledat iscancelled",
    "no_show": "markedasnoshow noshow didnotarrive dna",
    "zone": PEOPLE["zone"],
    "booked": "datescheduled eventcreateddatetime createdat bookedat datebooked createdon",
    "kind": "type treatmentname eventtypename services appointmenttype service sessiontype "
    "treatment description",
    "client_type": PEOPLE["client_type"],
    "added": "dateadded",
    "place": "location locationname",
    "clinician": PEOPLE["clinician"] + " username",
    KEPT: "",
}
WORDS = {
    "id": "Client number",
    "name": "Name",
    "first": "First name",
    "middle": "Middle name",
    "last": "Last name",
    "preferred": "Preferred name",
    "title": "Title",
    "suffix": "Suffix",
    "email": "Email address",
    "email_more": "Another email address",
    "phone": "Phone",
    "phone_more": "Another phone",
    "born": "Date of birth",
    "born_day": "Day of birth",
    "born_month": "Month of birth",
    "born_year": "Year of birth",
    "status": "Present or past",
    "active": "Active",
    "archived": "Archived on",
    "discharged": "Ended on",
    "died": "Died on",
    "merged_away": "Merged or deleted there",
    "added": "Client since",
    "last_visit": "Last session",
    "client_type": "Kind of client",
    "spouse": "Partner",
    "spouse_id": "Client number of the partner",
    "work": "Number of the relationship",
    "do_not_contact": "Do not contact",
    "zone": "Time zone",
    "labels": "Labels",
    "clinician": "Therapist",
    "session_id": "Number of the session",
    "start": "Start",
    "day": "Date",
    "time": "Time",
    "end": "End",
    "minutes": "Minutes",
    "state": "What became of it",
    "cancelled": "Cancelled",
    "no_show": "Did not attend",
    "booked": "Booked on",
    "kind": "Kind of session",
    "place": "Where",
    "complimentary": "Free of charge",
    "in_figures": "Counts in the figures",
    "passed_on": "Held by another therapist before",
    KEPT: "Keep as a note",
    LEFT_OUT: "Leave out",
}
