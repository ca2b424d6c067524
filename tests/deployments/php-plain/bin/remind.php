<?php
// reads /etc/guestbook.ini
// writes ../var/reminded
require __DIR__ . '/../vendor/autoload.php';
$settings = parse_ini_file('/etc/guestbook.ini');
mail($settings['MAIL_TO'], 'Guests', 'There are new entries.');
file_put_contents(__DIR__ . '/../var/reminded', 'yes');
